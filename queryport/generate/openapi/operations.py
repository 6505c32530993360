"""One operation as two of OpenAPI's: by its route, and by its name."""

from collections.abc import Mapping, Sequence
from typing import Any

from handler.contract.execution import Batch, Listing
from handler.contract.operation import Idempotency, Operation
from queryport.generate.asl import task_state
from queryport.generate.openapi import failures
from queryport.generate.openapi.components import OF_CACHES, Components
from queryport.generate.openapi.examples import NONE, example_of
from queryport.generate.openapi.naming import BY_NAME
from queryport.generate.openapi.parameters import (
    WITH_BODY,
    all_in_query,
    column_of,
    headers_of,
    in_path,
    path_parameters,
)
from queryport.generate.openapi.schemas import Schema, adapted, default_told, told_of_text
from queryport.generate.openapi.security import security_of

Json = dict[str, Any]

NAMED = "/operations/"
_BYTES: Json = {"schema": {"type": "string", "format": "binary"}}
JSON, MERGE_PATCH = "application/json", "application/merge-patch+json"
OK, NO_CONTENT = 200, 204


def by_name(operation: Operation, tag: str | None, sql: str | None, components: Components) -> Json:
    """Describe `POST /operations/{name}`, with all that is known of the operation under `x-queryport`."""
    about = _common(operation, tag)
    body = _request_body(operation, operation.parameters_schema, "Parameters", components)
    return {
        "operationId": f"{BY_NAME}{components.label(operation)}",
        **about,
        **_parameters(headers_of(operation)),
        **body,
        "responses": _responses(operation, components, "POST"),
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
            media_types = (JSON, MERGE_PATCH) if http.method == "PATCH" else (JSON,)
            kind = "Body" if in_the_path else "Parameters"
            body = _request_body(operation, left, kind, components, media_types)
            if http.raw is not None:
                body["requestBody"]["content"] |= dict.fromkeys(http.raw.types, _BYTES)
        elif not has_body:
            found += all_in_query(operation, rest)
        for parameter in found:
            _finish(parameter, operation, components)
    return {
        "operationId": components.label(operation),
        **_common(operation, tag),
        **_parameters([*found, *headers_of(operation)]),
        **body,
        "responses": _responses(operation, components, http.method),
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
    operation: Operation, schema: Schema, kind: str, components: Components, media_types: Sequence[str] = (JSON,)
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


def _responses(operation: Operation, components: Components, method: str) -> Json:
    by_status: dict[int, list[Any]] = {}
    for error in failures.failures_of(operation, has_body=method in WITH_BODY):
        by_status.setdefault(error.status, []).append(error)
    problems = {
        str(status): components.problem(tuple(errors), operation.access.allow) for status, errors in by_status.items()
    }
    return {**_answers(operation, components, method), **problems}


def _answers(operation: Operation, components: Components, method: str) -> Json:
    """Describe the answers of a call that succeeds, by their statuses."""
    response = operation.response
    if response.status == NO_CONTENT:
        return {"204": {"description": "Done.", "headers": _headers(operation)}}
    answer = _answer(operation, components)
    if operation.can_be_counted:
        answer["headers"]["x-total-count"] = {"$ref": "#/components/headers/x-total-count"}
    no_content = _no_content(operation)
    none = {"204": {"description": no_content, "headers": _headers(operation)}} if no_content else {}
    if method == "GET":
        answer["headers"] |= OF_CACHES
        if operation.has_pages:
            answer["headers"]["link"] = {"$ref": "#/components/headers/link"}
        return {"200": answer, **none, "304": {"$ref": "#/components/responses/NotModified"}}
    if response.status != OK:
        done = {**answer, "headers": dict(answer["headers"])}
        if response.location is not None:
            done["headers"]["location"] = {"$ref": "#/components/headers/location"}
        # Of a write that was taken back, or that met no row.
        return {"200": {**answer, "description": "Nothing was done."}, str(response.status): done, **none}
    return {"200": answer, **none}


def _no_content(operation: Operation) -> str:
    """The meaning of 204 from an operation that mostly answers something; empty where it never does."""
    # A value that comes as its bytes has none where it is NULL.
    meanings = ["The value is NULL."] if operation.response.media_type else []
    if operation.idempotency is not Idempotency.OFF and not operation.keeps_answer:
        meanings.append("An earlier call with the same key made the change, and its answer was not kept.")
    return " ".join(meanings)


def _headers(operation: Operation) -> Json:
    headers = {"x-request-id": {"$ref": "#/components/headers/x-request-id"}}
    if operation.idempotency is not Idempotency.OFF:
        headers["idempotency-replayed"] = {"$ref": "#/components/headers/idempotency-replayed"}
    if not operation.read_only:
        headers["preference-applied"] = {"$ref": "#/components/headers/preference-applied"}
    if operation.response.etag is not None:
        headers["etag"] = {"$ref": "#/components/headers/etag"}
    return headers


def _answer(operation: Operation, components: Components) -> Json:
    properties: Json = {"data": _data(operation, components)}
    if operation.has_pages:
        description = "The cursor of the next page; null after the last."
        properties["next"] = {"type": ["string", "null"], "description": description}
    required = list(properties)
    if operation.can_be_counted:
        description = "How many rows all pages have together; there where `count` asks for it."
        properties["total"] = {"type": "integer", "minimum": 0, "description": description}
    answer = {
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }
    described: Json = {"schema": components.add_own(operation, "Answer", answer)}
    example = example_of(operation.documentation.result_schema)
    if example is not NONE:
        described["example"] = {"data": example, **({"next": None} if operation.has_pages else {})}
    return {
        "description": _MEANINGS[operation.result],
        "headers": {**_headers(operation), "content-encoding": {"$ref": "#/components/headers/content-encoding"}},
        "content": {**_as_itself(operation), "application/json": described},
        **_other_formats(operation),
    }


def _as_itself(operation: Operation) -> Json:
    """Describe a value that comes as its bytes, without being asked for."""
    media_type = operation.response.media_type
    return {} if media_type is None else {media_type: _BYTES}


def _other_formats(operation: Operation) -> Json:
    """Name what callers get by `Accept` in place of JSON.

    Not under `content`: the answer of a generated client, which asks for JSON, would be typed as any of them.
    """
    is_of_rows = operation.result in ("many", "one", "maybe") and operation.response.media_type is None
    return {"x-formats": ["text/csv", "application/x-ndjson"]} if is_of_rows else {}


_MEANINGS = {
    "many": "The rows.",
    "one": "The row.",
    "maybe": "The row, or null.",
    "value": "The value.",
    "affected": "How many rows changed.",
    "none": "Done.",
}


def _data(operation: Operation, components: Components) -> Schema:
    """The schema of `data`, with the rows as a component."""
    hoist = components.hoist(operation)
    schema = operation.documentation.result_schema
    is_array = operation.result == "many"
    row = schema.get("items", {}) if is_array else schema
    if "properties" not in row or operation.result == "value":
        return adapted(schema, "value", hoist)  # type: ignore[no-any-return]  # a schema's is one
    properties = {name: adapted(each, name, hoist) for name, each in row["properties"].items()}
    whole = {**row, "type": "object", "properties": properties}
    reference = components.add_own(operation, "Row", whole)
    if is_array:
        return {"type": "array", "items": reference}
    return {"anyOf": [reference, {"type": "null"}]} if operation.result == "maybe" else reference


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
