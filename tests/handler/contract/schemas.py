"""JSON Schemas and values made up by hypothesis, and the judge of whether they fit: jsonschema as it comes.

The judge differs from the package in what docs/query-files.md promises: numbers are exact, formats are checked,
patterns are those of ECMA-262, and bounds hold for a number that comes as a string of digits.
"""

import re
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from typing import Any

from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend

from handler.contract.formats import CHECKS
from handler.contract.patterns import BITS, BYTES, DECIMAL, DIGITS, FINITE_DECIMAL, NOT_FINITE

_DECIMALS = (DECIMAL, FINITE_DECIMAL)


def _is_integer(_: Any, value: Any) -> bool:
    return (isinstance(value, int) and not isinstance(value, bool)) or (
        isinstance(value, Decimal) and value == value.to_integral_value()
    )


def _multiple_of(checks: Any, divisor: Any, value: Any, _: Any) -> Iterator[ValidationError]:
    if checks.is_type(value, "number") and (Fraction(value) / Fraction(divisor)).denominator != 1:
        yield ValidationError("multipleOf")


def _pattern(checks: Any, pattern: str, value: Any, _: Any) -> Iterator[ValidationError]:
    if checks.is_type(value, "string") and not re.search(pattern.replace("$", r"\Z"), value, re.ASCII):
        yield ValidationError("pattern")


def _also_for_strings(keyword: str) -> Any:
    plain = _multiple_of if keyword == "multipleOf" else Draft202012Validator.VALIDATORS[keyword]

    def check(checks: Any, rule: Any, value: Any, schema: Any) -> Iterator[ValidationError]:
        if isinstance(value, str) and schema.get("pattern") in _DECIMALS:
            if not re.fullmatch(FINITE_DECIMAL, value):
                yield ValidationError("a bound of what is not finite")
                return
            value = Decimal(value)
        yield from plain(checks, rule, value, schema)

    return check


def _format_checker() -> FormatChecker:
    checker = FormatChecker(formats=())
    for name, check in CHECKS.items():
        checker.checks(name)(lambda value, check=check: not isinstance(value, str) or check(value))
    return checker


_BOUNDS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")
_Judge = extend(  # type: ignore[no-untyped-call] # types-jsonschema leaves it untyped
    Draft202012Validator,
    validators={"pattern": _pattern, **{keyword: _also_for_strings(keyword) for keyword in _BOUNDS}},
    type_checker=Draft202012Validator.TYPE_CHECKER.redefine("integer", _is_integer),
)
_FORMATS = _format_checker()


def is_valid(schema: Any, value: Any) -> bool:
    """Whether jsonschema takes a value for valid."""
    return bool(_Judge(schema, format_checker=_FORMATS).is_valid(value))


# A few numbers, texts and names only, so that schemas and values often meet.
_NUMBERS = st.sampled_from(
    [0, 1, -1, 2, 7, 2**31, *map(Decimal, ("1.0", "0.5", "-0.0", "0.1", "1E+2", "1E-3", "7.00"))]
)
_TEXTS = st.sampled_from(
    [
        *("", "a", "ab", "abc", "é", "0", "1", "1.5", ".5", "-1", "1e2", "NaN", "Infinity", "\\x0a", "\\x0", "a\n"),
        *("2026-01-31", "infinity", "2026-01-31T12:00:00Z", "12:00:00", "192.0.2.1", "a@b.c", "urn:a", "^a+$", "("),
    ]
)
_NAMES = st.sampled_from(["a", "b", "c", "ab", ""])
_COUNTS = st.integers(0, 3)
_POSITIVE = st.sampled_from([1, 2, 7, Decimal("0.5"), Decimal("0.1"), Decimal("1E+1")])
_PATTERNS = st.sampled_from(
    [DECIMAL, FINITE_DECIMAL, NOT_FINITE, BYTES, BITS, DIGITS, "^a", "b$", "^[a-z]{1,2}$", "^(a+)+$", "^(a|ab)*$"]
)
VALUES = st.recursive(
    st.none() | st.booleans() | _NUMBERS | _TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_NAMES, inner, max_size=4),
    max_leaves=8,
)
_TYPES = st.sampled_from(["array", "boolean", "integer", "null", "number", "object", "string"])


def _keywords(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    lists = st.lists(inner, min_size=1, max_size=3)
    keywords: dict[str, st.SearchStrategy[Any]] = {
        "type": _TYPES | st.lists(_TYPES, min_size=1, max_size=3, unique=True),
        "enum": st.lists(VALUES, min_size=1, max_size=4),
        "const": VALUES,
        **dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"), _NUMBERS),
        "multipleOf": _POSITIVE,
        **dict.fromkeys(("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"), _COUNTS),
        "pattern": _PATTERNS,
        "format": st.sampled_from(sorted(CHECKS)),
        "uniqueItems": st.booleans(),
        **dict.fromkeys(("items", "contains", "additionalProperties", "propertyNames", "not", "if", "then"), inner),
        "prefixItems": lists,
        **dict.fromkeys(("minContains", "maxContains"), _COUNTS),
        "properties": st.dictionaries(_NAMES, inner, max_size=3),
        "patternProperties": st.dictionaries(st.sampled_from(["^a", "b$", "."]), inner, max_size=2),
        "required": st.lists(_NAMES, max_size=2, unique=True),
        "dependentRequired": st.dictionaries(_NAMES, st.lists(_NAMES, max_size=2, unique=True), max_size=2),
        **dict.fromkeys(("allOf", "anyOf", "oneOf"), lists),
        **dict.fromkeys(("unevaluatedItems", "unevaluatedProperties"), inner),
        "title": st.just("a title"),
    }
    return st.lists(st.sampled_from(sorted(keywords)), max_size=4, unique=True).flatmap(
        lambda names: st.fixed_dictionaries({name: keywords[name] for name in names})
    )


# `not`, `oneOf` and bounds that are written for nothing would fill most schemas: they come as often as all others.
SCHEMAS = st.recursive(st.booleans() | _keywords(st.booleans()), _keywords, max_leaves=6)
