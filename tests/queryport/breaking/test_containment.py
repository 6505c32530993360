"""Containment is sound: where it finds nothing, no value tells the two schemas apart in that direction."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handler.contract.exact_json import exact
from handler.contract.patterns import DECIMAL, FINITE_DECIMAL
from handler.contract.validation import Validator
from queryport.breaking.containment import excess

_NAMES = ("a", "b", "ab")
_NAME = st.sampled_from(_NAMES)
_NUMBERS = st.sampled_from([-1, 0, 1, 2, 3, 0.5, 1.5])
_SIZES = st.integers(0, 3)
_SCALARS = st.sampled_from(
    [None, True, False, 0, 1, -1, 2, 3, 0.5, 1.0, 1.5, "", "a", "b", "ab", "1", "0.5", "2026-01-31"]
)
VALUES = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAME, inner, max_size=3),
    max_leaves=5,
)
_TYPES = st.sampled_from(["null", "boolean", "integer", "number", "string", "array", "object"])


def _keywords(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    choices = {
        "type": _TYPES | st.lists(_TYPES, min_size=1, max_size=3, unique=True),
        "enum": st.lists(_SCALARS, min_size=1, max_size=3),
        "const": _SCALARS,
        "minimum": _NUMBERS,
        "exclusiveMaximum": _NUMBERS,
        "multipleOf": st.sampled_from([1, 2, 0.5]),
        "minLength": _SIZES,
        "maxLength": _SIZES,
        "pattern": st.sampled_from(["^a", "b$", DECIMAL, FINITE_DECIMAL]),
        "format": st.sampled_from(["date", "date-time"]),
        "minItems": _SIZES,
        "maxItems": _SIZES,
        "uniqueItems": st.booleans(),
        "items": inner,
        "prefixItems": st.lists(inner, min_size=1, max_size=2),
        "contains": inner,
        "properties": st.dictionaries(_NAME, inner, max_size=2),
        "patternProperties": st.dictionaries(st.sampled_from(["^a", "b$"]), inner, min_size=1, max_size=2),
        "additionalProperties": inner,
        "propertyNames": st.just({"maxLength": 1}),
        "required": st.lists(_NAME, max_size=2, unique=True),
        "minProperties": _SIZES,
        "maxProperties": _SIZES,
        "dependentRequired": st.dictionaries(_NAME, st.lists(st.sampled_from(_NAMES)), max_size=1),
        "allOf": st.lists(inner, min_size=1, max_size=2),
        "anyOf": st.lists(inner, min_size=1, max_size=2),
        "oneOf": st.lists(inner, min_size=1, max_size=2),
        "not": inner,
        "title": st.just("t"),
    }
    each = [st.tuples(st.just(name), strategy) for name, strategy in choices.items()]
    return st.lists(st.one_of(each), max_size=3).map(dict)


SCHEMAS = st.recursive(st.booleans() | _keywords(st.booleans()), _keywords, max_leaves=4)


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Any, Any]:
    """Two schemas; often the second is the first with a keyword more, less or changed."""
    first = draw(SCHEMAS)
    if not isinstance(first, dict) or draw(st.booleans()):
        return first, draw(SCHEMAS)
    other = draw(_keywords(st.booleans() | _keywords(st.booleans())))
    second = {**first, **other}
    for name in draw(st.sets(st.sampled_from(sorted(second)), max_size=2)) if second else ():
        del second[name]
    return (first, second) if draw(st.booleans()) else (second, first)


def _check(pair: tuple[Any, Any], values: list[Any]) -> None:
    if excess(*pair):
        return
    first, second = (Validator(exact({"properties": {"v": schema}})) for schema in pair)
    for parameters in (exact({"v": value}) for value in values):
        assert first.flaws(parameters) or not second.flaws(parameters), (pair, parameters)


@pytest.mark.slow
@given(pairs(), st.lists(VALUES, min_size=8, max_size=16))
@settings(max_examples=30, deadline=None)
def test_nothing_found_means_that_no_value_is_refused(pair: tuple[Any, Any], values: list[Any]) -> None:
    _check(pair, values)


@pytest.mark.long
@given(pairs(), st.lists(VALUES, min_size=20, max_size=40))
@settings(max_examples=5_000, deadline=None)
def test_nothing_found_means_that_no_value_is_refused_at_length(pair: tuple[Any, Any], values: list[Any]) -> None:
    _check(pair, values)


@given(SCHEMAS)
@settings(max_examples=100, deadline=None)
def test_a_schema_contains_itself(schema: Any) -> None:
    assert excess(schema, schema) == []


_INT = {"type": "integer", "minimum": -10, "maximum": 10}


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (_INT, {"type": "number"}),
        (_INT, {"type": ["integer", "null"], "minimum": -100, "maximum": 100}),
        ({"type": "integer", "multipleOf": 6}, {"type": "number", "multipleOf": 1.5}),
        ({"type": "integer", "exclusiveMinimum": 3}, {"type": "integer", "minimum": 3}),
        ({"enum": ["a", "b"]}, {"type": "string", "maxLength": 1}),
        ({"type": "string", "enum": ["a"]}, {"type": ["string", "null"], "enum": ["a", "b", None]}),
        ({"type": "string", "format": "date"}, {"type": "string", "anyOf": [{"format": "date"}, {"pattern": "BC$"}]}),
        ({"anyOf": [_INT, {"type": "null"}]}, {"type": ["integer", "null"]}),
        ({"type": ["integer", "null"], "maximum": 3}, {"anyOf": [{"type": "integer"}, {"type": "null"}]}),
        ({"type": "array", "items": _INT, "maxItems": 3}, {"type": "array", "items": {"type": "integer"}}),
        ({"type": "array", "prefixItems": [_INT], "items": False}, {"type": "array", "items": {"type": "integer"}}),
        (
            {"type": "object", "properties": {"a": _INT}, "required": ["a"], "additionalProperties": False},
            {"type": "object", "properties": {"a": _INT, "b": _INT}, "required": ["a"], "additionalProperties": False},
        ),
        (
            {"type": "object", "additionalProperties": _INT},
            {"type": "object", "additionalProperties": {"type": "integer"}},
        ),
        ({"type": "string", "pattern": FINITE_DECIMAL}, {"type": ["number", "string"], "pattern": DECIMAL}),
        ({"type": "boolean"}, {"enum": [True, False, None]}),
    ],
)
def test_what_is_wider_contains_what_is_narrower(first: Any, second: Any) -> None:
    assert excess(first, second) == []
    assert excess(second, first) != []
