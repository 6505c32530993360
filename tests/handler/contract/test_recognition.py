"""The quick check never takes for valid what jsonschema refuses; both together say what jsonschema alone does."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings

from handler.contract.patterns import FINITE_DECIMAL, Effort
from handler.contract.recognition import Recognizers
from handler.contract.validation import Validator
from tests.handler.contract.schemas import SCHEMAS, VALUES, is_valid


@settings(suppress_health_check=list(HealthCheck), max_examples=3 * settings().max_examples)
@given(SCHEMAS, VALUES)
@example({"not": {"if": {}, "then": False}}, 1)
@example({"oneOf": [{"unevaluatedItems": False}, {}]}, [1])
@example({"patternProperties": {"^x": {"type": "integer"}}}, {"x1": "a"})
@example({"contains": {"type": "string"}, "minLength": 3}, "a")
@example({"enum": [1, True]}, Decimal("1.0"))
@example({"enum": [1]}, [True])
@example({"uniqueItems": True}, [1, True, 0, False])
@example({"uniqueItems": True}, [{"a": 1, "b": 2}, {"b": 2, "a": Decimal("1.0")}])
def test_the_quick_check_and_jsonschema_agree(schema: Any, value: Any) -> None:
    recognizer = Recognizers(Effort()).of(schema)
    accepted, valid = recognizer.accepts(value), is_valid(schema, value)
    assert valid or not accepted
    assert accepted or not valid or not recognizer.exact
    assert (Validator(schema).flaws(value) == ()) is valid


@pytest.mark.parametrize(
    ("schema", "value", "valid"),
    [
        ({"items": {"$comment": "not known"}}, [], True),
        ({"items": {"$comment": "not known"}}, [1], True),
        ({"items": False}, [], True),
        ({"items": False}, [1], False),
        ({"propertyNames": False}, {}, True),
        ({"prefixItems": [{"type": "integer"}]}, "no list", True),
        ({"prefixItems": [{"type": "integer"}], "not": {"type": "string"}}, "no list", False),
        ({"contains": {"$comment": "not known", "type": "integer"}}, ["a"], False),
        ({"contains": {"type": "integer"}, "maxItems": 1}, ["a", "b"], False),
        ({"contains": {"type": "integer"}, "not": {"type": "string"}}, "no list", False),
        ({"patternProperties": {"^a": False}, "propertyNames": {"maxLength": 1}, "type": "object"}, "no object", False),
        ({"not": {"$comment": "not known", "type": "integer"}}, 1, False),
        ({"not": {"$comment": "not known", "type": "integer"}}, "a", True),
        ({"contains": {"$comment": "not known", "anyOf": [True]}, "maxContains": 0}, ["a"], False),
        ({"patternProperties": {"^a": {"type": "integer"}}, "additionalProperties": False}, {"a": "x", "b": 1}, False),
    ],
)
def test_what_is_not_known_is_jsonschemas_to_judge(schema: dict[str, Any], value: Any, *, valid: bool) -> None:
    assert (Validator(schema).flaws(value) == ()) is valid


@pytest.mark.parametrize(
    "value", [[1, 5], [0, 5], [1, 6], [], [1, Decimal("5.0")], [1, Decimal("5.5")], [6, "a"], ["a"]]
)
@pytest.mark.parametrize("kinds", ["integer", ["integer", "string"]])
def test_the_bounds_of_many_numbers_are_those_of_each(value: Any, kinds: Any) -> None:
    schema = {"type": "array", "items": {"type": kinds, "minimum": 1, "maximum": 5}}
    assert Recognizers(Effort()).of(schema).accepts(value) is is_valid(schema, value)


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"type": "integer", "minimum": 1}, Decimal("1.0")),
        ({"type": ["number", "string"], "pattern": FINITE_DECIMAL, "minimum": 1}, "2.5"),
        ({"type": ["string", "null"], "maxLength": 3, "pattern": "^a"}, "abc"),
        ({"type": "array", "items": {"type": "integer"}, "maxItems": 3, "uniqueItems": True}, [1, 2]),
        ({"properties": {"a": {"enum": ["x", None]}}, "required": ["a"], "additionalProperties": False}, {"a": None}),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, None),
        ({"oneOf": [{"required": ["a"]}, {"required": ["b"]}]}, {"b": 1}),
        ({"not": {"const": 1}}, 2),
        ({"contains": {"type": "string"}, "minContains": 2}, ["a", 1, "b"]),
        ({"patternProperties": {"^x": {"type": "integer"}}, "propertyNames": {"maxLength": 2}}, {"x1": 1}),
        ({"dependentRequired": {"a": ["b"]}}, {"a": 1, "b": 2}),
        ({"prefixItems": [{"type": "integer"}], "items": {"type": "string"}}, [1, "a"]),
        ({"allOf": [{"minimum": 1}, {"multipleOf": Decimal("0.1")}]}, Decimal("1.1")),
        ({"format": "date"}, "2026-01-31"),
    ],
)
def test_every_keyword_of_a_query_file_is_recognised(schema: dict[str, Any], value: Any) -> None:
    assert Recognizers(Effort()).of(schema).accepts(value)
