"""The answers of an operation as OpenAPI describes them: their statuses, headers and media types."""

from typing import Any

from handler.contract.operation import WITH_BODY, Idempotency, Operation
from queryport.generate.openapi import failures
from queryport.generate.openapi.components import OF_CACHES, Components
from queryport.generate.openapi.examples import NONE, example_of
from queryport.generate.openapi.schemas import Schema, adapted

Json = dict[str, Any]

BYTES: Json = {"schema": {"type": "string", "format": "binary"}}
"""A body that is a value's bytes."""

_OK, _NO_CONTENT = 200, 204


def responses_of(operation: Operation, components: Components, method: str) -> Json:
    """Describe what a call is answered, by its status: answers and problems."""
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
    if response.status == _NO_CONTENT:
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
    if response.status != _OK:
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
    return {} if media_type is None else {media_type: BYTES}


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
