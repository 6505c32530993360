"""One operation as two of OpenAPI's: by its route, and by its name."""

from collections.abc import Mapping, Sequence

from handler.contract.execution import Batch, Listing
from handler.contract.operation import WITH_BODY, Idempotency, Operation
from queryport.generate.asl import task_state
from queryport.generate.openapi import failures
from queryport.generate.openapi.components import Components
from queryport.generate.openapi.examples import NONE, example_of
from queryport.generate.openapi.naming import BY_NAME
from queryport.generate.openapi.parameters import (
    all_in_query,
    column_of,
    headers_of,
    in_path,
    path_parameters,
)
from queryport.generate.openapi.responses import BYTES, Json, responses_of
from queryport.generate.openapi.schemas import Schema, adapted, default_told, told_of_text
from queryport.generate.openapi.security import security_of

NAMED = "/operations/"
_JSON, _MERGE_PATCH = "application/json", "application/merge-patch+json"


def by_name(operation: Operation, tag: str | None, sql: str | None, components: Components) -> Json:
    """Describe `POST /operations/{name}`, with all that is known of the operation under `x-queryport`."""
    about = _common(operation, tag)
    body = _request_body(operation, operation.parameters_schema, "Parameters", components)
    return {
        "operationId": f"{BY_NAME}{components.label(operation)}",
        **about,
        **_parameters(headers_of(operation)),
        **body,
        "responses": responses_of(operation, components, "POST"),
        "security": security_of(operation),
        "x-queryport": _everything(operation, sql),
    }


def by_route(operation: Operation, names: Mapping[str, str], tag: str | None, components: Components) -> Json:
    """Describe the route of an operation. `names` maps its parameters in the path to those that the path has."""
    http = operation.http
    if http is None:
        raise ValueError(f"{operation.name} has no route")
    schema = operation.parameters_schema
    found: list[Json] = []
    body: Json = {}
    has_body = http.method in WITH_BODY
    if isinstance(operation.execution, Batch):
        body = _request_body(operation, schema, "Parameters", components)
    else:
        properties, required = schema["properties"], schema.get("required", ())
        in_the_path = path_parameters(operation)
        rest = {name: each for name, each in properties.items() if name not in in_the_path}
        found += [in_path(names[name], properties[name]) for name in in_the_path]
        if has_body and rest:
            left = {**schema, "properties": rest, "required": [name for name in required if name in rest]}
            media_types = (_JSON, _MERGE_PATCH) if http.method == "PATCH" else (_JSON,)
            kind = "Body" if in_the_path else "Parameters"
            body = _request_body(operation, left, kind, components, media_types)
            if http.raw is not None:
                body["requestBody"]["content"] |= dict.fromkeys(http.raw.types, BYTES)
        elif not has_body:
            found += all_in_query(operation, rest)
        for parameter in found:
            _finish(parameter, operation, components)
    return {
        "operationId": components.label(operation),
        **_common(operation, tag),
        **_parameters([*found, *headers_of(operation)]),
        **body,
        "responses": responses_of(operation, components, http.method),
        "security": security_of(operation),
        "x-queryport": _summary(operation),
    }


def _common(operation: Operation, tag: str | None) -> Json:
    told = operation.documentation
    last = operation.name.rpartition(".")[2].replace("_", " ")
    return {
        "summary": told.summary or f"{last[:1].upper()}{last[1:]}",
        **({"description": told.description} if told.description else {}),
        **({"tags": [tag]} if tag else {}),
    }


def _parameters(parameters: list[Json]) -> Json:
    return {"parameters": parameters} if parameters else {}


def _finish(parameter: Json, operation: Operation, components: Components) -> None:
    """Give a parameter its example, and its schema the components."""
    holder = parameter["content"]["application/json"] if "content" in parameter else parameter
    schema = holder["schema"]
    column = column_of(parameter["name"])
    example = NONE if column else example_of(schema)  # the page of a document would send all conditions at once
    if example is not NONE:
        holder["example"] = example
    holder["schema"] = adapted(told_of_text(schema), column or parameter["name"], components.hoist(operation))


def _request_body(
    operation: Operation, schema: Schema, kind: str, components: Components, media_types: Sequence[str] = (_JSON,)
) -> Json:
    """Describe the body, an object of parameters or for a batch an array of them."""
    hoist = components.hoist(operation)
    is_array = schema.get("type") == "array"
    whole = schema["items"] if is_array else schema
    if not is_array and not whole["properties"]:
        return {}
    properties = {
        name: adapted(told_of_text(default_told(each)), name, hoist) for name, each in whole["properties"].items()
    }
    reference = components.add_own(operation, kind, {**_stripped(whole), "properties": properties})
    described: Json = {"schema": {"type": "array", "items": reference} if is_array else reference}
    example = example_of(schema)
    if example is not NONE:
        described["example"] = example
    return {
        "requestBody": {
            "required": is_array or bool(whole.keys() & {"anyOf", "allOf"} or whole.get("required")),
            "content": dict.fromkeys(media_types, described),
        }
    }


def _stripped(schema: Schema) -> Schema:
    return {keyword: value for keyword, value in schema.items() if keyword != "required" or value}


def _summary(operation: Operation) -> Json:
    return {"operation": operation.name, "result": str(operation.result), "read_only": operation.read_only}


def _everything(operation: Operation, sql: str | None) -> Json:
    execution, http = operation.execution, operation.http
    about: Json = _summary(operation)
    if http is not None:
        about["route"] = {"method": http.method, "path": http.path}
    if isinstance(execution, Listing) and execution.page is not None:
        about["page"] = {"by": list(execution.by), **execution.page._asdict()}
    if isinstance(execution, Batch):
        about["batch"] = True
    about["idempotency"] = str(operation.idempotency)
    if operation.idempotency is not Idempotency.OFF:
        about["keep"] = operation.keep
        about["answer"] = "kept" if operation.keeps_answer else "none"
    about["may_be_repeated"] = (
        "always" if operation.read_only else "with_key" if operation.idempotency is not Idempotency.OFF else "never"
    )
    if not operation.read_only:
        about["outcomes"] = failures.outcomes_of(operation)
    about["asl"] = task_state(operation)
    if sql is not None:
        about["sql"] = sql
    return about
