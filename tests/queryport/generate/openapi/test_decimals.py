"""The patterns of strings of digits take what the bounds let through, and nothing else that the function refuses."""

import re
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handler.contract.exact_json import exact
from handler.contract.patterns import DECIMAL, FINITE_DECIMAL
from handler.contract.validation import Validator
from queryport.generate.openapi.decimals import pattern_of, told_of_digits

_BOUNDS = st.sampled_from([0, 1, 9, 10, 12, 99, 100, 1000, 0.5, 0.01, 0.99, 1.25, 12.3, 99.95, 1e-7]).flatmap(
    lambda value: st.sampled_from([value, -value])
)
_LIMITS = st.fixed_dictionaries(
    {},
    optional={
        "minimum": _BOUNDS,
        "exclusiveMinimum": _BOUNDS,
        "maximum": _BOUNDS,
        "exclusiveMaximum": _BOUNDS,
        "multipleOf": st.sampled_from([1, 0.5, 0.1, 0.01, 0.25, 2, 0.3]),
    },
)
_FRACTIONS = (".5", ".49", ".51", ".01", ".009", "1.25", "1.249", "12.3", "99.95", ".0000001")
_NEAR = st.builds(
    lambda sign, zeros, value, tail: f"{sign}{zeros}{value}{tail}",
    st.sampled_from(["", "+", "-"]),
    st.sampled_from(["", "0", "00"]),
    st.sampled_from([*range(14), *range(98, 102), 999, 1000, *_FRACTIONS]),
    st.sampled_from(["", "0", "5", "9", "01"]),
)
_TEXTS = _NEAR | st.from_regex(r"\A[+-]?[0-9]{0,4}\.?[0-9]{0,3}\Z").filter(lambda text: any(map(str.isdigit, text)))


def _validator(limits: dict[str, Any]) -> Validator:
    schema = {"type": ["number", "string"], "pattern": FINITE_DECIMAL, **limits}
    return Validator(exact({"properties": {"v": schema}}))


def _is_told(limits: dict[str, Any]) -> bool:
    """Whether all texts without exponents are told that keep to the limits."""
    if "multipleOf" in limits:
        return limits["multipleOf"] == 1 and all(Decimal(str(each)) % 1 == 0 for each in limits.values())
    bounds = [Fraction(Decimal(str(each))) for each in limits.values()]
    return len({int(abs(each)) for each in bounds}) == len(bounds)


@pytest.mark.slow
@given(_LIMITS, st.lists(_TEXTS, min_size=10, max_size=20))
@settings(max_examples=40, deadline=None)
def test_the_texts_of_a_pattern_are_those_within_the_bounds(limits: dict[str, Any], texts: list[str]) -> None:
    _check(limits, texts)


@pytest.mark.long
@given(_LIMITS, st.lists(_TEXTS, min_size=20, max_size=40))
@settings(max_examples=3_000, deadline=None)
def test_the_texts_of_a_pattern_are_those_within_the_bounds_at_length(limits: dict[str, Any], texts: list[str]) -> None:
    _check(limits, texts)


def _check(limits: dict[str, Any], texts: list[str]) -> None:
    pattern, validator, is_told = pattern_of(limits), _validator(limits), _is_told(limits)
    for text in texts:
        matches = pattern is not None and re.search(pattern, text) is not None
        if matches:
            assert not validator.flaws(exact({"v": text})), (limits, pattern, text)
        elif is_told:
            assert validator.flaws(exact({"v": text})), (limits, pattern, text)


@pytest.mark.parametrize("exponent", ["e3", "E-7", "e+999"])
def test_a_number_without_bounds_may_have_an_exponent_of_three_digits(exponent: str) -> None:
    told = told_of_digits({"type": ["number", "string"], "pattern": DECIMAL})
    assert re.search(told["pattern"], f"-1.5{exponent}")
    assert not re.search(told["pattern"], f"-1.5{exponent}000")
    assert re.search(told["pattern"], "NaN")


def test_the_bounds_are_those_of_the_number_and_of_the_string() -> None:
    schema = {"type": ["number", "string", "null"], "pattern": FINITE_DECIMAL, "exclusiveMinimum": 0, "default": 1}
    told = told_of_digits(schema)
    number, text, null = told["anyOf"]
    assert number == {"type": "number", "exclusiveMinimum": 0}
    assert null == {"type": "null"}
    assert told["default"] == 1
    assert [bool(re.search(text["pattern"], each)) for each in ("0", "-1", "0.0", ".01", "+12")] == [0, 0, 0, 1, 1]


def test_other_schemas_are_as_they_were() -> None:
    for schema in ({"type": "integer", "minimum": 0}, {"type": ["number", "string"], "pattern": "^NaN$"}, {}):
        assert told_of_digits(schema) is schema
