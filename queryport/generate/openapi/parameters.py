"""The parameters of a route as the handler reads them: in the path, in the query string, and in the body.

A parameter of the query string is a text: what cannot be told in one is left out of its schema. Lists are repeated;
objects, and lists of anything but single values, are JSON (docs/http.md has the table). Each condition of a list's
`filter` is a parameter of its own, as OpenAPI leaves open how the objects within an object stand in a query string.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from handler.contract.execution import Listing
from handler.contract.operation import Idempotency, Operation, Precondition
from handler.contract.routes import parameters_in
from handler.contract.sql import Codec
from queryport.generate.openapi.schemas import Schema

LONGEST_KEY = 255

_SORT: Codec = ["array", "scalar"]


def path_parameters(operation: Operation) -> tuple[str, ...]:
    """Return the names of the parameters in the path of an operation's route."""
    return parameters_in(operation.http.path) if operation.http else ()


def in_path(name: str, schema: Schema) -> dict[str, Any]:
    """Describe a parameter in the path; a segment is never empty."""
    told, rest = _told(schema)
    of_text = _of_text(rest)
    if "string" in _types(of_text) and not of_text.keys() & {"minLength", "enum", "format"}:
        of_text = {**of_text, "minLength": 1}
    return {"name": name, "in": "path", "required": True, **told, "schema": of_text}


def all_in_query(operation: Operation, properties: Mapping[str, Schema]) -> Iterator[dict[str, Any]]:
    """Describe the parameters of a route in the query string; `properties` are those that are not in the path."""
    required = operation.parameters_schema.get("required", ())
    codecs = {parameter.name: parameter.codec for parameter in operation.parameters}
    execution = operation.execution
    filters = execution.filters if isinstance(execution, Listing) else ()
    for name, schema in properties.items():
        if filters and name == "filter":
            for each in filters:
                condition = schema["properties"][each.column]["properties"][each.operator]
                written = f"filter[{each.column}][{each.operator}]"
                yield in_query(written, condition, each.codec, required=False)
        else:
            codec = _SORT if isinstance(execution, Listing) and name == "sort" else codecs.get(name, "scalar")
            yield in_query(name, schema, codec, required=name in required)


def column_of(name: str) -> str:
    """Return the column of a list's condition, `total` of `filter[total][gte]`; empty for any other parameter."""
    return name.removeprefix("filter[").partition("]")[0] if name.startswith("filter[") else ""


def in_query(name: str, schema: Schema, codec: Codec, *, required: bool) -> dict[str, Any]:
    """Describe a parameter in the query string."""
    told, rest = _told(schema)
    described: dict[str, Any] = {"name": name, "in": "query", "required": required, **told}
    if is_json(codec, rest):
        return described | {"content": {"application/json": {"schema": rest}}}
    if codec == "vector" or isinstance(codec, list):
        rest = _without_null(rest)
        items = rest.get("items", {})
        rest = {**rest, "items": _of_text(items)} if isinstance(items, dict) else rest
        described |= {"style": "form", "explode": True}
        if not rest.get("minItems"):
            described["allowEmptyValue"] = True  # the empty list is `name=`
            rest = {**rest, "minItems": 1} if required else rest  # repeated no times, it would not be there
        return described | {"schema": rest}
    return described | {"schema": _of_text(rest)}


def is_json(codec: Codec, schema: Schema) -> bool:
    """Return whether a parameter of the query string is written as JSON, and not as a text or a list of texts."""
    if codec in ("scalar", "vector"):
        return False
    if isinstance(codec, list) and codec[0] == "array":
        return codec[1] != "scalar" or "array" in _types(schema.get("items", {}))
    return True


def headers_of(operation: Operation) -> list[dict[str, Any]]:
    """Describe the headers by which a write happens once, to a row in one state alone, or is taken back."""
    found = []
    if operation.idempotency is not Idempotency.OFF:
        found.append(_idempotency_key(operation))
    if operation.precondition is not Precondition.NONE:
        found.append(_if_match(operation))
    if not operation.read_only:
        found.append(PREFER)
    return found


PREFER = {
    "name": "Prefer",
    "in": "header",
    "required": False,
    "description": "`tx=rollback` runs the write and takes it back, to see what it would do. Send no key with it.",
    "schema": {"type": "string"},  # what is not known is passed over (RFC 7240)
}


def _if_match(operation: Operation) -> dict[str, Any]:
    return {
        "name": "If-Match",
        "in": "header",
        "required": operation.precondition is Precondition.REQUIRED,
        "description": "The entity tags of the states in which the row may be changed, as its ETag was; `*` means any.",
        "schema": {"type": "string"},  # of the form that RFC 9110 has for it, which tools know by its name
        "example": '"5"',
    }


def _idempotency_key(operation: Operation) -> dict[str, Any]:
    answer = "" if operation.keeps_answer else ", and without the answer: a repeated call is answered by 204"
    return {
        "name": "Idempotency-Key",
        "in": "header",
        "required": operation.idempotency is Idempotency.REQUIRED,
        "description": f"Calls with the same key happen once. It is kept for {operation.keep} seconds{answer}.",
        "schema": {
            "type": "string",
            "minLength": 1,
            "maxLength": LONGEST_KEY,
            "pattern": "^[!-~]([ -~]*[!-~])?$",
        },
        "example": "4f3c2b1a-0d9e-4c8b-a7f6-5e4d3c2b1a09",
    }


def _told(schema: Schema) -> tuple[dict[str, Any], Schema]:
    """Part what OpenAPI says of a parameter from its schema."""
    told: dict[str, Any] = {keyword: schema[keyword] for keyword in ("description", "deprecated") if keyword in schema}
    return told, {keyword: value for keyword, value in schema.items() if keyword not in told}


def _of_text(schema: Any) -> Any:
    """The schema of a value that is a text: `null` would be the text of that name wherever texts are taken."""
    return _without_null(schema) if "string" in _types(schema) else schema


def _without_null(schema: Any) -> Any:
    types = schema.get("type") if isinstance(schema, Mapping) else None
    if isinstance(types, list) and "null" in types:
        left = [each for each in types if each != "null"]
        schema = {**schema, "type": left[0] if len(left) == 1 else left}
        if "enum" in schema:
            schema["enum"] = [label for label in schema["enum"] if label is not None]
    elif isinstance(schema, Mapping) and {"type": "null"} in schema.get("anyOf", ()):
        branches = [branch for branch in schema["anyOf"] if branch != {"type": "null"}]
        schema = {**schema, "anyOf": branches} if len(branches) > 1 else {**_except(schema, "anyOf"), **branches[0]}
    return schema


def _except(schema: Mapping[str, Any], keyword: str) -> dict[str, Any]:
    return {name: value for name, value in schema.items() if name != keyword}


def _types(schema: Any) -> frozenset[str]:
    if not isinstance(schema, Mapping):
        return frozenset()
    types = schema.get("type", [])
    named = frozenset([types] if isinstance(types, str) else types)
    return named.union(*(_types(branch) for branch in schema.get("anyOf", ())))
