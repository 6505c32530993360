"""Every flaw at once, by its place, in words that do not quote the value."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handler.contract import exact_json
from handler.contract.errors import MOST_FLAWS
from handler.contract.patterns import DECIMAL, FINITE_DECIMAL
from handler.contract.pointer import pointer
from handler.contract.validation import Validator

SECRET = "hunter2"  # noqa: S105 (what no message may quote)


def _object(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _flaws(schema: dict[str, Any], parameters: dict[str, Any]) -> list[tuple[str, str]]:
    return [(flaw.pointer, flaw.detail) for flaw in Validator(schema).flaws(parameters)]


def _detail(schema: dict[str, Any], value: Any) -> str:
    (flaw,) = Validator(_object(p=schema)).flaws({"p": value})
    assert flaw.pointer.startswith("/p")
    return flaw.detail


@pytest.mark.parametrize(
    ("schema", "value", "detail"),
    [
        ({"type": "integer"}, SECRET, "must be a whole number"),
        ({"type": ["string", "null"]}, 7, "must be a string or null"),
        ({"enum": ["new", 1, None]}, SECRET, 'must be one of "new", 1'),
        ({"enum": list(range(100))}, SECRET, "must be one of the 100 values that the schema lists"),
        ({"const": "x"}, SECRET, 'must be "x"'),
        ({"minimum": 1}, 0, "must be at least 1"),
        ({"maximum": Decimal("0.1")}, Decimal("0.2"), "must be at most 0.1"),
        ({"exclusiveMinimum": 1}, 1, "must be more than 1"),
        ({"exclusiveMaximum": 1}, 1, "must be less than 1"),
        ({"multipleOf": Decimal("0.05")}, Decimal("0.07"), "must be a multiple of 0.05"),
        ({"minLength": 1}, "", "must have at least 1 character"),
        ({"maxLength": 3}, SECRET, "must have at most 3 characters"),
        ({"minItems": 2}, [SECRET], "must have at least 2 elements"),
        ({"maxItems": 0}, [SECRET], "must have at most 0 elements"),
        ({"uniqueItems": True}, [SECRET, SECRET], "must not have the same element twice"),
        ({"contains": {"const": 1}}, [SECRET], "lacks an element that the schema asks for"),
        ({"minProperties": 1}, {}, "must have at least 1 member"),
        ({"maxProperties": 0}, {"a": SECRET}, "must have at most 0 members"),
        ({"pattern": "^[a-z]$"}, SECRET, "must match the regular expression ^[a-z]$"),
        ({"format": "uuid"}, SECRET, "must be a UUID, such as 123e4567-e89b-12d3-a456-426614174000"),
        ({"not": {"type": "string"}}, SECRET, "has a form that the schema rules out"),
        ({"not": {"type": "integer"}, "minLength": 7}, "short", "must have at least 7 characters"),
        ({"dependentRequired": {"a": ["b"]}}, {"a": SECRET}, "lacks a member that another member asks for"),
        ({"propertyNames": {"maxLength": 2}}, {SECRET: 1}, "must have at most 2 characters"),
        ({"if": {"type": "string"}, "then": False}, SECRET, "is not allowed"),
        ({"unevaluatedProperties": False}, {"a": SECRET}, "has a member that is not known here"),
        ({"prefixItems": [True], "unevaluatedItems": False}, [1, SECRET], "has more elements than the schema allows"),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, SECRET, "must be a whole number or null"),
        ({"anyOf": [{"required": ["a"]}, {"required": ["b"]}]}, {}, "must have at least one of a, b"),
        (
            {"anyOf": [{"required": ["a"]}, {"required": ["b", "c"]}]},
            {},
            "must have one of the forms that the schema allows",
        ),
        (
            {"oneOf": [{"required": ["a"]}, {"required": ["b"]}]},
            {},
            "must have one of the forms that the schema allows",
        ),
        ({"oneOf": [{"type": "integer"}, {"type": "string"}], "minimum": 5}, 3, "must be at least 5"),
        ({"dependentSchemas": {"a": {"minProperties": 2}}}, {"a": SECRET}, "must have at least 2 members"),
        ({"minContains": 2, "contains": {"const": 1}}, [1], "lacks an element that the schema asks for"),
        ({"maxContains": 1, "contains": {"const": 1}}, [1, 1], "has too many elements of a kind"),
    ],
)
def test_each_keyword_has_words_of_its_own(schema: dict[str, Any], value: Any, detail: str) -> None:
    assert _detail(schema, value) == detail


def test_of_many_elements_the_wrong_one_is_named() -> None:
    schema = {"type": "array", "items": {"type": "integer"}}
    assert [flaw.pointer for flaw in Validator(schema).flaws([*range(2500), "x", *range(2500)])] == ["/2500"]


def test_whole_numbers_are_multiples_of_fractions() -> None:
    for divisor, multiple, other in ((3, 9, 10), (Decimal("0.3"), 3, 4), (Decimal("2e2"), -400, 300), (7, 0, 1)):
        schema = {"type": "number", "multipleOf": divisor}
        assert Validator(schema).flaws(multiple) == ()
        assert len(Validator(schema).flaws(other)) == 1


def test_all_flaws_come_at_once_each_at_its_place() -> None:
    schema = _object(a={"type": "integer"}, b={"type": "array", "items": {"type": "integer"}}, c={}) | {
        "required": ["a", "c", "d"]
    }
    assert _flaws(schema, {"b": [1, "x", 2, "y"], "other": 1, "a": "z"}) == [
        ("/a", "must be a whole number"),
        ("/b/1", "must be a whole number"),
        ("/b/3", "must be a whole number"),
        ("/other", "is not known here"),
        ("/c", "is missing"),
        ("/d", "is missing"),
    ]


def test_a_flaw_within_a_nullable_composite_is_told_by_its_own_place() -> None:
    point = _object(x={"type": "integer"}) | {"required": ["x"]}
    schema = _object(point={"anyOf": [point, {"type": "null"}]})
    assert _flaws(schema, {"point": {"y": 1}}) == [("/point/y", "is not known here"), ("/point/x", "is missing")]
    assert _flaws(schema, {"point": None}) == []
    assert _flaws(schema, {"point": "text"}) == [("/point", "must be an object or null")]


def test_additional_members_may_have_a_schema_and_patterns() -> None:
    schema = {"type": "object", "patternProperties": {"^x": {}}, "additionalProperties": {"type": ["string", "null"]}}
    assert _flaws(schema, {"x1": 1, "a": "s", "b": None, "c": 1}) == [("/c", "must be a string or null")]


def test_no_more_flaws_are_told_than_anyone_reads() -> None:
    assert len(_flaws(_object(), {f"p{number}": 1 for number in range(1000)})) == MOST_FLAWS


@pytest.mark.parametrize("text", ["1", "1.0", "1e2", "-0.0"])
def test_whole_numbers_may_be_written_with_a_fraction(text: str) -> None:
    assert _flaws(_object(p={"type": "integer"}), {"p": exact_json.loads(text)}) == []


@pytest.mark.parametrize("value", [True, Decimal("1.5"), "1", None])
def test_what_is_no_whole_number_is_told(value: Any) -> None:
    assert _detail({"type": "integer"}, value) == "must be a whole number"


def test_bounds_and_multiples_are_exact() -> None:
    schema = _object(p={"type": "number", "maximum": Decimal("0.1"), "multipleOf": Decimal("0.01")})
    for text in ("0.1", "0.10", "0.03", "-99999999999999999999999999999999999.99"):
        assert _flaws(schema, {"p": exact_json.loads(text)}) == []
    assert len(_flaws(schema, {"p": exact_json.loads("0.1000000000000000000000000000001")})) == 2


def test_formats_are_checked_in_strings_only() -> None:
    schema = _object(p={"type": ["string", "null"], "format": "date"})
    assert _flaws(schema, {"p": None}) == []
    assert _flaws(schema, {"p": "yesterday"}) == [("/p", "must be a date, such as 2026-01-31")]


def test_pointers_escape_their_names() -> None:
    assert pointer(["a/b", "c~d", 0]) == "/a~1b/c~0d/0"


def test_pointers_stay_short_and_unicode() -> None:
    assert len(pointer(["x" * 100_000])) < 300
    assert pointer(["\ud800"]) == "/?"


_PRICE = {"type": ["number", "string"], "pattern": FINITE_DECIMAL, "exclusiveMinimum": 0, "maximum": Decimal("0.3")}


@pytest.mark.parametrize(
    ("price", "words"),
    [
        ("0.3", []),
        ("0.30", []),
        ("3e-1", []),
        ("0.30000000000000000000000000000000000001", ["must be at most 0.3"]),
        ("0", ["must be more than 0"]),
        ("-0.0", ["must be more than 0"]),
        ("1e-16383", []),
        ("1e131071", ["must be at most 0.3"]),
        ("1e99999999999999999999", ["must be more than 0", "must be at most 0.3"]),
        ("x", ["must be a number"]),
        ("NaN", ["must be a number"]),
        ("Infinity", ["must be a number"]),
        ("\u0661", ["must be a number"]),
        (True, ["must be a number or a string"]),
    ],
)
def test_a_string_of_digits_is_held_to_the_bounds_of_a_number(price: Any, words: list[str]) -> None:
    validator = Validator({"properties": {"price": _PRICE}})
    assert [flaw.detail for flaw in validator.flaws({"price": price})] == words


_NUMBERS = st.decimals(allow_nan=False, allow_infinity=False)


@pytest.mark.slow
@settings(deadline=None)
@given(_NUMBERS, _NUMBERS)
def test_numbers_and_strings_of_their_digits_are_compared_alike_and_exactly(value: Decimal, bound: Decimal) -> None:
    for keyword, holds in (
        ("minimum", value >= bound),
        ("maximum", value <= bound),
        ("exclusiveMinimum", value > bound),
        ("exclusiveMaximum", value < bound),
    ):
        validator = Validator({"properties": {"n": {"type": ["number", "string"], "pattern": DECIMAL, keyword: bound}}})
        assert [not validator.flaws({"n": each}) for each in (value, str(value))] == [holds, holds]


def test_null_is_no_choice_of_an_enum() -> None:
    for schema in (
        {"enum": ["a", None]},
        {"type": ["string", "null"], "enum": ["a", None]},
        {"items": {"enum": [1, None]}},
    ):
        flaws = Validator({"properties": {"p": schema}}).flaws({"p": [9]})
        assert flaws
        assert not any("null" in flaw.detail for flaw in flaws if flaw.detail.startswith("must be one of"))


@pytest.mark.parametrize("text", ["1e131071", "1e131072", "-.9E70390035269916118", f"9e{10**18}", "1e-999999999"])
def test_a_string_of_digits_may_spell_any_number(text: str) -> None:
    schema = {"type": ["number", "string"], "pattern": DECIMAL, "multipleOf": 1}
    flaws = Validator({"properties": {"n": schema}}).flaws({"n": text})
    assert [flaw.detail for flaw in flaws] == ([] if text == "1e131071" else ["must be a multiple of 1"])
