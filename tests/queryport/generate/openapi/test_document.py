"""The OpenAPI document of the example: valid, complete, and true to what the handler does."""

import json
import re
from collections.abc import Collection
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handler.contract.errors import ERRORS
from handler.contract.execution import Filter, Listing
from handler.contract.openapi_index import DocumentIndex
from handler.contract.operation import (
    Access,
    Documentation,
    Http,
    Idempotency,
    Operation,
    Parameter,
    PossibleError,
    Precondition,
    Response,
    Result,
)
from queryport.generate.openapi import Described, Heading, document_of
from queryport.generate.openapi.failures import RULES
from queryport.generate.openapi.naming import labels_of, member_names, plain
from queryport.generate.openapi.schemas import NO_NUL
from tests.support.operations import ANY, INTEGER, TEXT, operation

Json = dict[str, Any]


def _document(*operations: Operation) -> Json:
    document: Json = json.loads(document_of([Described(each) for each in operations], Heading()).text)
    return document


def _operation(document: Json, path: str, method: str = "get") -> Json:
    described: Json = document["paths"][path][method]
    return described


def _resolved(document: Json, value: Json) -> Json:
    while "$ref" in value:
        found: Any = document
        for step in value["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        value = found
    return value


def test_every_error_has_its_rule() -> None:
    assert list(RULES) == list(ERRORS)


COMPILED = (
    PossibleError("NotFound", 404, "NotFound"),
    PossibleError("UniqueViolation", 409, "UniqueViolation"),
    PossibleError("EmailTaken", 410, "UniqueViolation", "The address is taken"),
)


def test_a_project_s_own_name_is_an_error_of_its_status_that_may_point_at_parameters() -> None:
    made = operation("SELECT 1", name="a", read_only=False)
    document = _document(made._replace(documentation=Documentation(errors=COMPILED)))
    response = _resolved(document, _operation(document, "/operations/a", "post")["responses"]["410"])
    problem = _resolved(document, response["content"]["application/problem+json"]["schema"])
    properties = problem["properties"]
    assert (properties["code"]["const"], properties["status"]["const"]) == ("EmailTaken", 410)
    assert _resolved(document, properties["errors"]["items"])["required"] == ["pointer", "detail"]


@pytest.mark.parametrize(
    ("changed", "missing", "present"),
    [
        ({"read_only": True, "own_code": False}, {"UniqueViolation", "OutcomeUnknown", "BusinessRule"}, {"Throttled"}),
        ({"read_only": False}, {"UniqueViolation"}, {"OutcomeUnknown", "SerializationFailure"}),
        ({"result": Result.MANY, "own_code": False}, {"NotFound", "TooManyRows"}, {"ResultTooLarge"}),
        (
            {"documentation": Documentation(errors=COMPILED)},
            {"TooManyRows"},
            {"NotFound", "UniqueViolation", "EmailTaken"},
        ),
        ({"result": Result.AFFECTED}, {"ResultTooLarge"}, set()),
        ({"idempotency": Idempotency.OFF}, {"IdempotencyConflict"}, set()),
        ({"idempotency": Idempotency.OPTIONAL, "read_only": False}, set(), {"IdempotencyConflict"}),
    ],
)
def test_an_operation_has_the_errors_that_it_can_give(changed: Json, missing: set[str], present: set[str]) -> None:
    document = _document(operation("SELECT 1", name="a")._replace(**changed))
    told = {
        name
        for response in _operation(document, "/operations/a", "post")["responses"].values()
        if "$ref" in response
        for name in response["$ref"].rpartition("/")[2].split("-")
    }
    assert not told & missing
    assert present <= told


def test_parameters_are_where_the_handler_reads_them() -> None:
    document = _document(
        operation(
            "SELECT 1",
            name="a",
            parameters={
                "id": TEXT,
                "n": {"type": ["integer", "null"]},
                "word": {"type": ["string", "null"]},
                "tags": {"type": ["array", "null"], "items": {"type": ["string", "null"]}},
                "grid": {"type": "array", "items": {"type": "array", "items": INTEGER}},
                "note": ANY,
            },
            how=[
                Parameter("n", "scalar", optional=True),
                Parameter("word", "scalar", optional=True),
                Parameter("tags", ["array", "scalar"], optional=True),
                Parameter("grid", ["array", "scalar"]),
                Parameter("note", "json"),
            ],
            http=Http("GET", "/a/{id}"),
        )
    )
    found = {parameter["name"]: parameter for parameter in _operation(document, "/a/{id}")["parameters"]}
    assert (found["id"]["in"], found["id"]["required"], found["id"]["schema"]["minLength"]) == ("path", True, 1)
    assert found["n"]["schema"]["type"] == ["integer", "null"]  # `null` in a URL is null for a number
    assert found["word"]["schema"]["type"] == "string"  # and a text for a text
    assert (found["tags"]["style"], found["tags"]["explode"]) == ("form", True)
    assert found["tags"]["schema"]["items"] == {"type": "string", "pattern": NO_NUL}
    assert "application/json" in found["grid"]["content"]
    assert "application/json" in found["note"]["content"]
    assert [name for name, parameter in found.items() if parameter["required"]] == ["id", "grid", "note"]


def test_hidden_operations_and_those_without_http_are_left_out() -> None:
    document = _document(
        operation("SELECT 1", name="hidden")._replace(access=Access(("anyone",), hidden=True)),
        operation("SELECT 1", name="off")._replace(access=Access(("anyone",), http=False)),
        operation("SELECT 1", name="direct")._replace(access=Access(("direct",))),
        operation("SELECT 1", name="shown"),
    )
    assert list(document["paths"]) == ["/operations/shown"]
    assert not any("hidden" in name for name in document["components"]["schemas"])


def test_paths_of_one_shape_share_their_names() -> None:
    document = _document(
        operation("SELECT 1", name="a", parameters={"id": TEXT}, http=Http("GET", "/a/{id}")),
        operation("SELECT 1", name="b", parameters={"key": TEXT}, http=Http("DELETE", "/a/{key}")),
    )
    assert sorted(document["paths"]["/a/{id}"]) == ["delete", "get"]
    assert [p["name"] for p in _operation(document, "/a/{id}", "delete")["parameters"]] == ["id"]


def test_an_enum_of_no_type_is_its_operations_own() -> None:
    labels = {"type": "string", "enum": ["new", "paid"]}
    nullable = {"type": ["string", "null"], "enum": ["new", "paid", None]}
    document = _document(
        operation("SELECT 1", name="a", parameters={"status": labels, "was": nullable}),
        operation("SELECT 1", name="b", parameters={"status": nullable}),
    )
    schemas = document["components"]["schemas"]
    assert schemas["AStatus"] == schemas["BStatus"] == labels
    assert schemas["a.Parameters"]["properties"]["status"] == {"$ref": "#/components/schemas/AStatus"}
    for name, reference in (("a.Parameters", "AStatus"), ("b.Parameters", "BStatus")):
        last = [*schemas[name]["properties"].values()][-1]
        assert last["anyOf"] == [{"$ref": f"#/components/schemas/{reference}"}, {"type": "null"}]


def _typed(name: str, parameter: str, schema: Json, type_: str) -> Operation:
    """An operation that takes a parameter of a type of the database, and answers a column of it."""
    made = operation("SELECT 1", name=name, parameters={parameter: schema})
    row = {"type": "object", "properties": {parameter: schema}, "required": [parameter]}
    documentation = Documentation("", "", {"type": "array", "items": row})
    return made._replace(
        documentation=documentation._replace(parameter_types={parameter: type_}, column_types={parameter: type_})
    )


_LABELS = {"type": "string", "enum": ["new", "paid"]}
_SOME = {"type": "string", "enum": ["new"]}
_POINT = {"type": "object", "properties": {"x": INTEGER}, "required": ["x"], "additionalProperties": False}
_LINE = {"type": "object", "properties": {"a": _POINT, "state": _LABELS}, "required": ["a", "state"]}


def test_a_type_of_the_database_has_its_name_whatever_uses_it_first() -> None:
    operations = [
        _typed("m.status", "state", _LABELS, "order_status"),
        _typed("m.line", "line", _LINE, "line"),
        _typed("m.points", "p", {"type": ["array", "null"], "items": _POINT}, "geo.point[]"),
    ]
    earlier = [
        _typed("a.some", "status", _SOME, "order_status"),
        _typed(
            "a.state", "first", {**_LABELS, "type": ["string", "null"], "enum": ["new", "paid", None]}, "order_status"
        ),
        operation("SELECT 1", name="a.text", parameters={"state": {"type": "string", "enum": ["x"]}}),
    ]
    for made in (operations, [*earlier, *operations]):
        schemas = _document(*made)["components"]["schemas"]
        assert schemas["OrderStatus"] == _LABELS
        assert set(schemas["GeoPoint"]["properties"]) == {"x"}
        assert schemas["Line"]["properties"] == {
            "a": {"$ref": "#/components/schemas/GeoPoint"},
            "state": {"$ref": "#/components/schemas/OrderStatus"},
        }


def test_what_lists_take_is_called_after_them_and_their_columns() -> None:
    conditions = {"type": "object", "properties": {"eq": _LABELS, "is_null": {"type": "boolean"}}}
    sort = {"type": "array", "items": {"type": "string", "enum": ["state", "-state"]}}
    made = operation(
        "SELECT 1",
        name="orders.list",
        parameters={"filter": {"type": "object", "properties": {"state": conditions}}, "sort": sort},
    )
    condition = Filter("state", "eq", "scalar", "__0")
    schemas = _document(made._replace(execution=Listing((), sorts=("state",), filters=(condition,))))["components"][
        "schemas"
    ]
    assert schemas["OrdersListSort"] == sort["items"]
    conditions_of_state = {"$ref": "#/components/schemas/OrdersListStateConditions"}
    assert schemas["OrdersListFilter"]["properties"] == {"state": conditions_of_state}
    assert schemas["OrdersListStateConditions"]["properties"]["eq"] == {"$ref": "#/components/schemas/OrdersListState"}


def test_names_differ_in_more_than_the_manner_of_writing_them() -> None:
    parameters = {"a_b": {"type": "string", "enum": ["1"]}, "AB": {"type": "string", "enum": ["2"]}}
    names = _document(operation("SELECT 1", name="x", parameters=parameters))["components"]["schemas"]
    assert len({plain(name) for name in names}) == len(names)
    assert [name for name in names if name.startswith("XAB")] == ["XAB", "XAB_60d9"]


_PARTS = st.text("aB_", min_size=1, max_size=3)
_NAMES = st.lists(_PARTS, min_size=1, max_size=3).map(".".join) | st.just("by_name.a")


@given(st.lists(_NAMES, min_size=1, max_size=8, unique=True))
@settings(max_examples=50, deadline=None)
def test_operations_have_names_that_no_client_takes_for_one(names: list[str]) -> None:
    document = _document(*(operation("SELECT 1", name=name, http=Http("POST", f"/{name}")) for name in names))
    found = [each["operationId"] for methods in document["paths"].values() for each in methods.values()]
    assert len({plain(name) for name in found}) == len(found) == 2 * len(names)
    schemas = document["components"]["schemas"]
    assert len({plain(name) for name in schemas}) == len(schemas)
    labels = labels_of(names)
    assert set(labels.values()) == {name for name in found if not name.startswith("by_name-")}
    assert labels[min(names)] == min(names)


@given(st.sets(st.integers(0, 7)), st.integers(0, 7))
@settings(max_examples=30, deadline=None)
def test_one_more_operation_renames_nothing_of_another(numbers: set[int], more: int) -> None:
    """Operations that call different things alike, before and after one another."""

    def made(number: int) -> Operation:
        labels = {"type": "string", "enum": [f"x{number % 3}", "y"]}
        body = {"type": "object", "properties": {"a": INTEGER if number % 2 else TEXT}}
        if number < 4:
            return operation("SELECT 1", name=f"o{number}", parameters={"state": labels, "body": body})
        # Other labels than those above: an enum with all labels of a type is called after the type.
        return _typed(f"o{number}", "state", {**labels, "enum": [*labels["enum"], "z"]}, f"s{number % 3}.state")

    def referred(numbers: Collection[int]) -> dict[str, set[str]]:
        schemas = _document(*map(made, sorted(numbers)))["components"]["schemas"]
        return {
            f"o{number}": set(re.findall('schemas/([^"]+)', json.dumps(schemas[f"o{number}.Parameters"])))
            for number in numbers
        }

    before, after = referred(numbers), referred(numbers | {more})
    assert {name: after[name] for name in before} == before


@given(st.lists(st.text("aAbB1 -_+é", max_size=4), min_size=1, max_size=8, unique=True))
def test_the_names_of_labels_differ_however_a_client_writes_them(labels: list[str]) -> None:
    names = member_names(labels)
    by_themselves = [plain(each) if each[:1].isalpha() else f"value{index}" for index, each in enumerate(labels)]
    assert (names is None) == (len(set(by_themselves)) == len(labels))
    if names is not None:
        assert len({plain(name) for name in names}) == len(labels)
        assert all(re.fullmatch("[A-Z][A-Z0-9_]*", name) for name in names)


def test_the_index_has_a_place_for_every_piece() -> None:
    document = document_of([Described(operation("SELECT 1", name="a"))], Heading())
    opening, _, closing, stays = document.root
    assert (opening, closing, stays) == ((0, 1), (len(document.text) - 2, 2), True)
    assert document.text.endswith(b"}\n")
    assert "audiences" in DocumentIndex._fields


def test_a_default_of_a_body_is_told_and_does_not_look_like_a_member_that_is_there() -> None:
    size = {**INTEGER, "default": 7, "description": "How large."}
    document = _document(operation("SELECT 1", name="a", parameters={"size": size}, required=[]))
    described = document["components"]["schemas"]["a.Parameters"]["properties"]["size"]
    assert described == {**INTEGER, "description": "How large.\n\nDefault: `7`.", "x-default": 7}


def test_a_partial_update_takes_some_members_in_two_forms_and_the_state_that_is_meant() -> None:
    patch = operation(
        "UPDATE",
        name="patch",
        result=Result.ONE,
        read_only=False,
        parameters={"id": INTEGER, "title": TEXT, "pages": INTEGER},
        how=[Parameter("title", "scalar", patch=True), Parameter("pages", "scalar", patch=True)],
        required=["id"],
        http=Http("PATCH", "/books/{id}"),
    )
    schema = {**patch.parameters_schema, "anyOf": [{"required": ["title"]}, {"required": ["pages"]}]}
    document = _document(patch._replace(parameters_schema=schema, precondition=Precondition.REQUIRED))
    described = _operation(document, "/books/{id}", "patch")
    body = described["requestBody"]
    assert body["required"]
    assert list(body["content"]) == ["application/json", "application/merge-patch+json"]
    assert body["content"]["application/json"]["example"] == {"title": "a", "pages": 1}
    assert _resolved(document, body["content"]["application/json"]["schema"])["anyOf"] == schema["anyOf"]
    headers = {each["name"]: each["required"] for each in described["parameters"] if each["in"] == "header"}
    assert headers["If-Match"]
    assert {"412", "428"} <= described["responses"].keys()
    by_name = _operation(document, "/operations/patch", "post")
    assert list(by_name["requestBody"]["content"]) == ["application/json"]


def test_a_value_as_its_bytes_may_be_none() -> None:
    image = operation("SELECT 1", name="a", result=Result.VALUE, http=Http("GET", "/a"))
    image = image._replace(response=image.response._replace(media_type="image/png"))
    answers = _operation(_document(image), "/a")["responses"]
    assert "image/png" in answers["200"]["content"]
    assert "content" not in answers["204"]


@pytest.mark.parametrize("idempotency", [Idempotency.OPTIONAL, Idempotency.OFF])
def test_a_call_whose_answer_is_not_kept_is_answered_by_nothing_when_repeated(idempotency: Idempotency) -> None:
    made = operation("INSERT …", name="a", result=Result.ONE, http=Http("POST", "/a"))._replace(
        read_only=False, idempotency=idempotency, keeps_answer=False
    )
    described = _operation(_document(made._replace(response=Response(201, "/a/{id}"))), "/a", "post")
    succeeding = {"200", "201"} | ({"204"} if idempotency is Idempotency.OPTIONAL else set())
    assert {status for status in described["responses"] if status < "300"} == succeeding
    keys = [each["description"] for each in described["parameters"] if each["name"] == "Idempotency-Key"]
    assert all("answered by 204" in description for description in keys)
    assert len(keys) == (idempotency is Idempotency.OPTIONAL)


def test_a_list_that_must_be_there_is_repeated_once_at_least() -> None:
    lists = {"ids": {"type": "array", "items": INTEGER}, "more": {"type": "array", "items": INTEGER}}
    how = [Parameter("ids", ["array", "scalar"]), Parameter("more", ["array", "scalar"], optional=True)]
    document = _document(operation("SELECT 1", name="a", parameters=lists, how=how, http=Http("GET", "/a")))
    found = {each["name"]: each for each in _operation(document, "/a")["parameters"]}
    assert (found["ids"]["schema"]["minItems"], found["ids"]["allowEmptyValue"]) == (1, True)
    assert "minItems" not in found["more"]["schema"]
