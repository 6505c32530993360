"""What a text in a URL means by the codec and the schema of its parameter."""

from decimal import Decimal
from typing import Any

import pytest

from handler.contract.patterns import ADDRESS, DECIMAL, NOT_FINITE, NUMBER_RANGE
from handler.contract.sql import Codec
from handler.http.coercion import CoercionError, coerce, has_commas, splits_at_commas

_ROW: Codec = ["row", [["x", "scalar"]]]


def _types(*types: str) -> dict[str, Any]:
    return {"type": list(types)}


@pytest.mark.parametrize(
    ("text", "schema", "value"),
    [
        ("7", _types("integer"), 7),
        ("-7", _types("integer", "null"), -7),
        ("12345678901234567890", _types("integer"), Decimal("12345678901234567890")),
        ("1.10", _types("number"), Decimal("1.10")),
        ("1e3", _types("number"), Decimal("1e3")),
        ("true", _types("boolean"), True),
        ("null", _types("integer", "null"), None),
        ("null", _types("string", "null"), "null"),
        ("7", _types("string"), "7"),
        ("true", {"enum": ["true"]}, "true"),
        ("NaN", _types("number", "string"), "NaN"),
        ("1.5", _types("number", "string"), Decimal("1.5")),
        (".5", _types("number"), Decimal("0.5")),
        ("-.5e1", _types("number", "string"), Decimal("-5")),
        ("5.", _types("number"), Decimal("5")),
        ("7", {"anyOf": [_types("integer"), {"type": "null"}]}, 7),
        # What is not of the type stays a text, and validation says so.
        ("seven", _types("integer"), "seven"),
        ("007", _types("integer"), "007"),
        ("+7", _types("integer"), "+7"),
        ("yes", _types("boolean"), "yes"),
        ("", _types("integer"), ""),
    ],
)
def test_a_scalar_is_read_by_its_types(text: str, schema: dict[str, Any], value: Any) -> None:
    coerced = coerce([text], "scalar", schema)
    assert (coerced, type(coerced)) == (value, type(value))


def test_an_array_is_read_by_its_elements() -> None:
    schema = {"type": "array", "items": _types("integer", "null")}
    assert coerce(["1", "null", "x"], ["array", "scalar"], schema) == [1, None, "x"]
    assert coerce([], ["array", "scalar"], schema) == []


@pytest.mark.parametrize(
    ("texts", "value"),
    [
        (["[1,2]", "[3,4]"], [[1, 2], [3, 4]]),
        (["[[1,2],[3,4]]"], [[1, 2], [3, 4]]),
        (["[1,2]"], [[1, 2]]),
        (["[]"], []),
        (["[[]]"], [[]]),
        (["[[],[1]]"], [[], [1]]),
        (["[null]"], [[None]]),
        ([], []),
    ],
)
def test_an_array_of_arrays_is_json_as_a_whole_or_by_its_elements(texts: list[str], value: Any) -> None:
    schema = {"type": "array", "items": {"type": "array", "items": _types("integer", "null")}}
    assert coerce(texts, ["array", "scalar"], schema) == value
    assert not splits_at_commas(["array", "scalar"], schema)


@pytest.mark.parametrize("element", [{"type": "array", "items": {"type": "integer"}}, {}])
def test_null_is_no_array_where_the_parameter_may_be_null(element: Any) -> None:
    codec = ["array", "scalar" if element else "json"]
    assert coerce(["null"], codec, {"type": ["array", "null"], "items": element}) is None
    assert coerce(["null"], codec, {"type": "array", "items": element}) == [None]
    assert coerce(["null", "null"], codec, {"type": ["array", "null"], "items": element}) == [None, None]


@pytest.mark.parametrize(
    ("element", "has"),
    [
        (_types("integer", "null"), False),
        (_types("boolean"), False),
        ({"type": ["number", "string"], "pattern": DECIMAL}, False),
        ({"type": ["number", "string"], "pattern": NOT_FINITE}, False),
        ({"type": "string", "pattern": ADDRESS}, False),
        ({"type": "string", "format": "date"}, False),
        ({"type": "string", "enum": ["a"]}, False),
        (_types("string"), True),
        ({"type": "string", "pattern": "^[a,]$"}, True),
        ({"type": "string", "pattern": NUMBER_RANGE}, True),
        ({}, True),
        (True, True),
    ],
)
def test_only_an_element_that_may_have_a_comma_keeps_an_encoded_one(element: Any, *, has: bool) -> None:
    assert has_commas({"type": ["array", "null"], "items": element}) is has


def test_a_vector_is_a_list() -> None:
    assert coerce(["1", "2"], "vector", {"type": "array", "items": _types("integer")}) == [1, 2]
    assert splits_at_commas("vector", {})


@pytest.mark.parametrize("codec", ["json", "hstore", _ROW])
def test_what_is_no_scalar_is_json(codec: Codec) -> None:
    assert coerce(['{"x": 1.10}'], codec, {}) == {"x": Decimal("1.10")}
    with pytest.raises(CoercionError, match="is not JSON at line 1, column 1"):
        coerce(["x"], codec, {})


def test_elements_that_are_no_scalars_are_json_each() -> None:
    assert coerce(['{"x":1}', "null"], ["array", _ROW], {"type": "array"}) == [{"x": 1}, None]


@pytest.mark.parametrize("codec", ["scalar", "json"])
def test_what_is_no_array_is_given_once(codec: Codec) -> None:
    with pytest.raises(CoercionError, match="must be given once"):
        coerce(["1", "2"], codec, _types("integer"))


def test_a_number_out_of_range_is_told() -> None:
    with pytest.raises(CoercionError, match="has a number out of range"):
        coerce(["1e999999999"], "scalar", _types("number"))


@pytest.mark.parametrize(
    ("texts", "value"),
    [
        (['{"x":1}'], [{"x": 1}]),
        (['{"x":1}', "null"], [{"x": 1}, None]),
        (['[{"x":1},null]'], [{"x": 1}, None]),
        (["[]"], []),
        (["[1]", "[2]"], [[1], [2]]),
    ],
)
def test_a_list_of_objects_is_its_json_or_repeated(texts: list[str], value: Any) -> None:
    assert coerce(texts, ["array", _ROW], {"type": "array", "items": {"type": ["object", "null"]}}) == value


def test_a_list_may_not_have_more_elements_than_json_may() -> None:
    with pytest.raises(CoercionError, match="has more than 250000 elements"):
        coerce(["1"] * 250_001, ["array", "scalar"], {"type": "array", "items": _types("integer")})
