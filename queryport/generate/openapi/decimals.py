"""Numbers that are written as strings of digits: patterns of those that keep to the bounds of their schema.

JSON Schema bounds numbers and no strings; the function holds both to the bounds. A pattern takes no text that the
function refuses. It leaves out some that the function takes: those with an exponent, those between two bounds that have
one whole part, and multiples that are not told by their number of digits.
"""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple

from handler.contract.patterns import DECIMAL, FINITE_DECIMAL

_LIMITS = ("minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum", "multipleOf")
_MOST_PLACES = 20


def told_of_digits(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a parameter's schema with its strings of digits bounded; any other schema as it is."""
    types = schema.get("type")
    if schema.get("pattern") not in (DECIMAL, FINITE_DECIMAL) or not isinstance(types, list) or "number" not in types:
        return schema
    limits = {keyword: schema[keyword] for keyword in _LIMITS if keyword in schema}
    if not limits:
        return {**schema, "pattern": of_small_exponents(schema["pattern"])}
    pattern = pattern_of(limits)
    branches: list[dict[str, Any]] = [{"type": "number", **limits}]
    branches += [] if pattern is None else [{"type": "string", "pattern": pattern}]
    branches += [{"type": "null"}] if "null" in types else []
    rest = {name: value for name, value in schema.items() if name not in (*_LIMITS, "type", "pattern", "minLength")}
    return {**rest, "anyOf": branches} if len(branches) > 1 else {**rest, **branches[0]}


def of_small_exponents(pattern: str) -> str:
    """Return the pattern of a decimal with exponents of three digits; more may be too much for a request."""
    return pattern.replace("[eE][+-]?[0-9]+", "[eE][+-]?[0-9]{1,3}")


class _DecimalBound(NamedTuple):
    value: Decimal
    is_open: bool
    """The value itself is not within the bound."""

    @property
    def whole(self) -> int:
        return int(self.value)

    @property
    def fraction(self) -> str:
        """The digits behind the point, without zeros at the end."""
        return f"{self.value:f}".partition(".")[2].rstrip("0")


_ZERO = _DecimalBound(Decimal(0), is_open=False)


def pattern_of(limits: Mapping[str, Any]) -> str | None:
    """Return the pattern of texts within the limits, keywords of JSON Schema; None where none is known."""
    places = _places(limits["multipleOf"]) if "multipleOf" in limits else None
    if places == -1:
        return None
    least, largest = _bound(limits, "minimum", "exclusiveMinimum"), _bound(limits, "maximum", "exclusiveMaximum")
    texts = [rf"\+?{text}" for text in _magnitudes(_above_zero(least), largest, places)]
    below = _negated(largest), _negated(least)
    texts += [f"-{text}" for text in _magnitudes(_above_zero(below[0]), below[1], places)]
    return f"^(?:{'|'.join(texts)})$" if texts else None


def _bound(limits: Mapping[str, Any], closed: str, opened: str) -> _DecimalBound | None:
    """The bound of the two keywords that leaves fewer numbers."""
    found = [_DecimalBound(Decimal(str(limits[name])), name == opened) for name in (closed, opened) if name in limits]
    if len(found) < 2:
        return found[0] if found else None
    sign = 1 if closed == "minimum" else -1
    return max(found, key=lambda bound: (sign * bound.value, bound.is_open))


def _negated(bound: _DecimalBound | None) -> _DecimalBound | None:
    return bound and bound._replace(value=-bound.value)


def _above_zero(bound: _DecimalBound | None) -> _DecimalBound | None:
    """A lower bound of magnitudes; None where all are above it."""
    return None if bound is None or bound.value < 0 or bound == _ZERO else bound


def _places(divisor: Any) -> int | None:
    """The digits behind the point that every multiple may have; -1 where whole numbers are not all multiples."""
    step = Fraction(Decimal(str(divisor)))
    found = [places for places in range(_MOST_PLACES) if (Fraction(1, 10**places) / step).denominator == 1]
    return max(found, default=-1)


def _magnitudes(least: _DecimalBound | None, largest: _DecimalBound | None, places: int | None) -> Iterator[str]:
    """Yield the patterns of unsigned texts between two bounds, of which there may be none."""
    if largest is not None and largest.value < 0:
        return
    first = 0 if least is None else least.whole + (1 if least.is_open or least.fraction else 0)
    last = None if largest is None else largest.whole - 1
    if last is None or first <= last:
        yield rf"0*{_whole(first, last)}(?:\.{_digits(places)})?"
        if first == 0:
            yield r"\.0+" if places == 0 else rf"\.[0-9]{_digits(places, 1)}"
    if least is not None and first > least.whole and (largest is None or least.whole < largest.whole):
        yield from (rf"{_start(least.whole)}\.{text}" for text in _larger(least, places))
    if largest is not None and (least is None or least <= _DecimalBound(Decimal(largest.whole), is_open=False)):
        yield from _up_to(largest, places)


def _up_to(largest: _DecimalBound, places: int | None) -> Iterator[str]:
    """Yield the patterns of the texts with the whole part of an upper bound."""
    if largest.fraction or not largest.is_open:
        yield rf"0*{largest.whole}(?:\.0*)?"
        if largest.whole == 0:
            yield r"\.0+"
    yield from (rf"{_start(largest.whole)}\.{text}" for text in _smaller(largest, places))


def _start(whole: int) -> str:
    return f"0*{whole}" if whole else "0*"


def _digits(places: int | None, used: int = 0) -> str:
    """The digits behind the point that may follow some others."""
    if places is None:
        return "[0-9]*"
    return f"[0-9]{{0,{places - used}}}0*" if places > used else "0*"


def _larger(bound: _DecimalBound, places: int | None) -> Iterator[str]:
    digits = bound.fraction
    if places is not None and len(digits) > places:
        return
    for index, digit in enumerate(digits):
        if digit < "9":
            yield f"{digits[:index]}[{int(digit) + 1}-9]{_digits(places, index + 1)}"
    if places is None:
        yield f"{digits}0*[1-9][0-9]*"
    else:
        for used in range(len(digits), places):
            yield f"{digits}{'0' * (used - len(digits))}[1-9]{_digits(places, used + 1)}"
    if not bound.is_open:
        yield f"{digits}0*"


def _smaller(bound: _DecimalBound, places: int | None) -> Iterator[str]:
    digits = bound.fraction
    if places is not None and len(digits) > places:
        return
    for index, digit in enumerate(digits):
        if digit > "0":
            yield f"{digits[:index]}[0-{int(digit) - 1}]{_digits(places, index + 1)}"
        if index:
            yield digits[:index]
    if digits and not bound.is_open:
        yield f"{digits}0*"


def _whole(first: int, last: int | None) -> str:
    """The pattern of the whole numbers between two, both included; without a last one, of all behind the first."""
    length = len(str(first))
    texts = [*_of_lengths(first, 10**length - 1 if last is None else last)]
    if last is None:
        texts.append(f"[1-9][0-9]{{{length},}}")
    return f"(?:{'|'.join(texts)})"


def _of_lengths(first: int, last: int) -> Iterator[str]:
    while first <= last:
        longest = min(last, 10 ** len(str(first)) - 1)
        yield from _of_one_length(str(first), str(longest))
        first = longest + 1


def _of_one_length(first: str, last: str) -> Iterator[str]:
    if not first or first == last:
        yield first
    elif len(first) == 1:
        yield f"[{first}-{last}]"
    elif re.fullmatch("0*", first) and re.fullmatch("9*", last):
        yield f"[0-9]{{{len(first)}}}"
    elif first[0] == last[0]:
        yield from (first[0] + rest for rest in _of_one_length(first[1:], last[1:]))
    else:
        yield from (first[0] + rest for rest in _of_one_length(first[1:], "9" * len(first[1:])))
        if int(last[0]) - int(first[0]) > 1:
            yield f"[{int(first[0]) + 1}-{int(last[0]) - 1}][0-9]{{{len(first) - 1}}}"
        yield from (last[0] + rest for rest in _of_one_length("0" * len(last[1:]), last[1:]))
