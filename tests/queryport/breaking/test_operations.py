"""Every kind of change that breaks callers is told, with its code and key, and no other change is."""

from typing import Any

import pytest

from handler.contract.execution import Batch, Listing, Page, Single
from handler.contract.operation import (
    Access,
    Documentation,
    Http,
    Idempotency,
    Operation,
    Parameter,
    PossibleError,
    Precondition,
    RawBody,
    Response,
    Result,
    RowSecurity,
)
from queryport.breaking import breaches

_INT = {"type": "integer", "minimum": -(2**31), "maximum": 2**31 - 1}
_LABELS = {"type": "string", "enum": ["new", "paid"]}
_ROW = {
    "type": "object",
    "properties": {"id": _INT, "status": _LABELS, "note": {"type": ["string", "null"]}},
    "required": ["id", "status", "note"],
    "additionalProperties": False,
}
_SCHEMA = {
    "type": "object",
    "properties": {
        "id": _INT,
        "status": _LABELS,
        "word": {"type": ["string", "null"], "maxLength": 10},
        "size": {**_INT, "default": 7},
    },
    "required": ["id"],
    "additionalProperties": False,
}
_ARRAY = {"type": "array", "items": _SCHEMA}
_TAKEN = PossibleError("EmailTaken", 409, "UniqueViolation")
_BASE = Operation(
    name="a.b",
    result=Result.ONE,
    read_only=True,
    execution=Single(()),
    parameters=(
        Parameter("id", "scalar"),
        Parameter("status", "scalar", optional=True),
        Parameter("word", "scalar", optional=True),
        Parameter("size", "scalar", optional=True, default=7),
    ),
    parameters_schema=_SCHEMA,
    http=Http("GET", "/a/{id}"),
    access=Access(("iam", "jwt:role=clerk", "key:partner-*")),
    documentation=Documentation(
        "", "", _ROW, (_TAKEN,), {"id": "integer", "word": "text"}, {"id": "integer", "note": "text"}
    ),
)
_WRITE = _BASE._replace(read_only=False, http=Http("POST", "/a"), idempotency=Idempotency.OPTIONAL)
_PAGE = _BASE._replace(
    result=Result.MANY,
    execution=Listing((), by=("id",), page=Page(50, 500)),
    documentation=Documentation("", "", {"type": "array", "items": _ROW}),
)


def _parameter(name: str, schema: Any, *, required: bool = False, base: Operation = _BASE) -> Operation:
    properties = {**_SCHEMA["properties"], name: schema}  # type: ignore[dict-item]  # a schema's members are of any type
    if schema is None:
        del properties[name]
    needed = [each for each in ["id", *([name] if required else [])] if each in properties]
    return base._replace(parameters_schema={**_SCHEMA, "properties": properties, "required": needed})


def _column(name: str, schema: Any, base: Operation = _BASE) -> Operation:
    properties = {**_ROW["properties"], name: schema}  # type: ignore[dict-item]  # as above
    if schema is None:
        del properties[name]
    row = {**_ROW, "properties": properties, "required": list(properties)}
    return base._replace(documentation=base.documentation._replace(result_schema=row))


def _types(**changed: Any) -> Operation:
    return _BASE._replace(documentation=_BASE.documentation._replace(**changed))


def _raw(*types: str, parameter: str = "word") -> Operation:
    """An operation that takes bodies of some media types as bytes; without any, none."""
    return _WRITE._replace(http=Http("POST", "/a", RawBody(parameter, types) if types else None))


def _coded(name: str, codec: Any, *, patch: bool = False) -> Operation:
    return _BASE._replace(
        parameters=tuple(
            each._replace(codec=codec, patch=patch) if each.name == name else each for each in _BASE.parameters
        )
    )


BREAKING = {
    "gone": (_BASE, None, "QP801"),
    "route gone": (_BASE, _BASE._replace(http=None), "QP802"),
    "route moved": (_BASE, _BASE._replace(http=Http("GET", "/b/{id}")), "QP802"),
    "method": (_WRITE, _WRITE._replace(http=Http("PUT", "/a")), "QP802"),
    "parameter gone": (_BASE, _parameter("word", None), "QP803"),
    "parameter required": (
        _BASE,
        _parameter("word", {"type": ["string", "null"], "maxLength": 10}, required=True),
        "QP803",
    ),
    "new and required": (_BASE, _parameter("other", _INT, required=True), "QP803"),
    "null not taken": (_BASE, _parameter("word", {"type": "string", "maxLength": 10}), "QP803"),
    "shorter": (_BASE, _parameter("word", {"type": ["string", "null"], "maxLength": 9}), "QP803"),
    "type": (_BASE, _parameter("word", {"type": ["integer", "null"]}), "QP803"),
    "label of a parameter lost": (_BASE, _parameter("status", {"type": "string", "enum": ["new"]}), "QP803"),
    "bound": (_BASE, _parameter("id", {**_INT, "minimum": 1}), "QP803"),
    "pattern": (_BASE, _parameter("word", {"type": ["string", "null"], "maxLength": 10, "pattern": "^a"}), "QP803"),
    "batch": (
        _WRITE,
        _WRITE._replace(execution=Batch(()), parameters_schema={"type": "array", "items": _SCHEMA}),
        "QP803",
    ),
    "PostgreSQL's type": (_BASE, _types(parameter_types={"id": "integer", "word": "xml"}), "QP803"),
    "column gone": (_BASE, _column("note", None), "QP804"),
    "column null": (_BASE, _column("id", {**_INT, "type": ["integer", "null"]}), "QP804"),
    "column type": (_BASE, _column("id", {"type": "string"}), "QP804"),
    "column wider": (_BASE, _column("id", {"type": "integer"}), "QP804"),
    "label of a column": (_BASE, _column("status", {"type": "string", "enum": ["new", "paid", "sent"]}), "QP804"),
    "result": (_BASE, _BASE._replace(result=Result.MANY), "QP804"),
    "one to maybe": (_BASE, _BASE._replace(result=Result.MAYBE), "QP804"),
    "maybe to one": (_BASE._replace(result=Result.MAYBE), _BASE, "QP804"),
    "pages begin": (_PAGE._replace(execution=Single(())), _PAGE, "QP804"),
    "pages end": (_PAGE, _PAGE._replace(execution=Single(())), "QP804"),
    "allow": (_BASE, _BASE._replace(access=Access(("iam", "key:partner-*"))), "QP805"),
    "allow narrower": (
        _BASE,
        _BASE._replace(access=Access(("iam:role/x", "jwt", "key:partner-a*"))),
        "QP805",
    ),
    "not over HTTP": (_BASE, _BASE._replace(access=_BASE.access._replace(http=False)), "QP805"),
    "policies": (_BASE, _BASE._replace(row_security=RowSecurity()), "QP805"),
    "roles": (
        _BASE._replace(row_security=RowSecurity("claims.role", ("a", "b"))),
        _BASE._replace(row_security=RowSecurity("claims.role", ("a",))),
        "QP805",
    ),
    "a claim": (
        _BASE,
        _BASE._replace(parameters=(*_BASE.parameters, Parameter("t", "scalar", source="claims.tenant"))),
        "QP805",
    ),
    "key required": (_WRITE, _WRITE._replace(idempotency=Idempotency.REQUIRED), "QP806"),
    "key refused": (_WRITE, _WRITE._replace(idempotency=Idempotency.OFF), "QP806"),
    "key kept shorter": (_WRITE, _WRITE._replace(keep=60), "QP806"),
    "the answer not kept": (_WRITE, _WRITE._replace(keeps_answer=False), "QP806"),
    "reads no more": (_BASE, _BASE._replace(read_only=False), "QP806"),
    "status": (_WRITE, _WRITE._replace(response=Response(status=201)), "QP807"),
    "location": (_WRITE._replace(response=Response(201, "/a/{id}")), _WRITE._replace(response=Response(201)), "QP807"),
    "If-Match asked for": (_WRITE, _WRITE._replace(precondition=Precondition.REQUIRED), "QP807"),
    "If-Match refused": (_WRITE._replace(precondition=Precondition.OPTIONAL), _WRITE, "QP807"),
    "no tag": (_BASE._replace(response=Response(etag="version")), _BASE, "QP807"),
    "bytes": (_BASE, _BASE._replace(response=Response(media_type="image/png")), "QP807"),
    "failure renamed": (_BASE, _types(errors=(_TAKEN._replace(code="Taken"),)), "QP807"),
    "failure's status": (_BASE, _types(errors=(_TAKEN._replace(status=422),)), "QP807"),
    "body of a type": (_raw("image/png", "image/gif"), _raw("image/gif"), "QP803"),
    "body of bytes": (_raw("*/*"), _raw(), "QP803"),
    "body of any type": (_raw("*/*"), _raw("image/*"), "QP803"),
    "body for another parameter": (_raw("*/*"), _raw("*/*", parameter="status"), "QP803"),
    "JSON as bytes": (_raw(), _raw("application/json"), "QP803"),
    "JSON as bytes, too": (_raw("image/png"), _raw("image/png", "application/json"), "QP803"),
    "text to JSON in a URL": (_BASE, _coded("word", "json"), "QP803"),
    "JSON to text in a URL": (_coded("word", "json"), _BASE, "QP803"),
    "list to JSON in a URL": (_coded("id", ["array", "scalar"]), _coded("id", "json"), "QP803"),
    "JSON to list in a URL": (_coded("id", ["row", []]), _coded("id", "vector"), "QP803"),
    "patch no more": (_coded("word", "scalar", patch=True), _BASE, "QP808"),
    "patch": (_BASE, _coded("size", "scalar", patch=True), "QP808"),
    "formulas": (_BASE, _BASE._replace(response=Response(escape_formulas=True)), "QP804"),
    "no formulas": (_BASE._replace(response=Response(escape_formulas=True)), _BASE, "QP804"),
    "another tag": (
        _BASE._replace(response=Response(etag="version")),
        _BASE._replace(response=Response(etag="id")),
        "QP807",
    ),
    "default": (_BASE, _parameter("size", {**_INT, "default": 8}), "QP808"),
    "default gone": (_BASE, _parameter("size", _INT), "QP808"),
    "order of pages": (_PAGE, _PAGE._replace(execution=Listing((), by=("note", "id"), page=Page(50, 500))), "QP808"),
}


@pytest.mark.parametrize("kind", BREAKING)
def test_what_breaks_callers_is_told(kind: str) -> None:
    old, new, code = BREAKING[kind]
    found = breaches({old.name: old}, {} if new is None else {new.name: new})
    assert code in {breach.code for breach in found}
    assert all(breach.message and breach.cure for breach in found)
    assert {breach.code for breach in found} <= {code, "QP804"}


HARMLESS = {
    "nothing": (_BASE, _BASE),
    "a parameter that may be left out": (_BASE, _parameter("other", {"type": ["string", "null"]})),
    "longer": (_BASE, _parameter("word", {"type": ["string", "null"], "maxLength": 11})),
    "anything": (_BASE, _parameter("word", {})),
    "one more label to send": (_BASE, _parameter("status", {"type": "string", "enum": ["new", "paid", "sent"]})),
    "no more required": (_parameter("word", {"type": "string"}, required=True), _parameter("word", {"type": "string"})),
    "a column": (_BASE, _column("other", _INT)),
    "never null any more": (_BASE, _column("note", {"type": "string"})),
    "narrower column": (_BASE, _column("id", {**_INT, "minimum": 1})),
    "one label less to get": (_BASE, _column("status", {"type": "string", "enum": ["new"]})),
    "let in": (_BASE, _BASE._replace(access=Access(("anyone",)))),
    "wider rules": (_BASE, _BASE._replace(access=Access(("iam", "jwt", "key:part*")))),
    "route": (_BASE._replace(http=None), _BASE),
    "key taken": (_WRITE._replace(idempotency=Idempotency.OFF), _WRITE),
    "key optional": (_WRITE._replace(idempotency=Idempotency.REQUIRED), _WRITE),
    "reads alone": (_WRITE, _WRITE._replace(read_only=True, idempotency=Idempotency.OFF)),
    "wider type": (_BASE, _types(parameter_types={"id": "bigint", "word": "character varying"})),
    "bytes as well": (_raw(), _raw("image/*", "text/plain")),
    "bytes of more types": (_raw("image/png", "text/plain"), _raw("image/*", "text/plain")),
    "bytes of any type": (_raw("image/*"), _raw("*/*")),
    "JSON and bytes": (_raw("application/json"), _raw("application/json", "image/png")),
    "number to JSON in a URL": (_BASE, _coded("id", "json")),
    "JSON to number in a URL": (_coded("id", ["row", []]), _BASE),
    "list to JSON without a URL": (
        _coded("id", ["array", "scalar"])._replace(http=None),
        _coded("id", "json")._replace(http=None),
    ),
    "a tag": (_BASE, _BASE._replace(response=Response(etag="version"))),
    "described": (_BASE, _BASE._replace(documentation=_BASE.documentation._replace(description="Better."))),
}


@pytest.mark.parametrize("kind", HARMLESS)
def test_what_breaks_nobody_is_not(kind: str) -> None:
    old, new = HARMLESS[kind]
    assert breaches({old.name: old}, {new.name: new}) == []


def test_one_more_operation_breaks_nobody() -> None:
    assert breaches({"a.b": _BASE}, {"a.b": _BASE, "c": _BASE._replace(name="c", http=None)}) == []


@pytest.mark.parametrize(
    ("path", "schema", "breaks"),
    [
        ("/a/new", {"type": "string"}, True),
        ("/a/new", {"type": "integer"}, False),
        ("/a/7", {"type": "integer"}, True),
        ("/a/new/other", {"type": "string"}, False),
        ("/b/new", {"type": "string"}, False),
    ],
)
def test_a_route_that_takes_anothers_requests_is_told(path: str, schema: Any, *, breaks: bool) -> None:
    before = _parameter("id", schema)
    taking = _BASE._replace(name="c", http=Http("GET", path))
    found = breaches({"a.b": before}, {"a.b": before, "c": taking})
    assert [(breach.code, breach.operation) for breach in found] == ([("QP802", "c")] if breaks else [])


def test_a_message_names_what_was_and_what_is() -> None:
    (breach,) = breaches({"a.b": _BASE}, {"a.b": _parameter("word", {"type": ["string", "null"], "maxLength": 9})})
    assert breach.message == "`word` has `maxLength: 9` now, and had `10`"
    (breach,) = breaches({"a.b": _BASE}, {"a.b": _column("id", {**_INT, "type": ["integer", "null"]})})
    assert breach.message == "`id` may be null now"
