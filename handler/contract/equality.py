"""The equality of JSON values: numbers by their value, so 1 is 1.0, but true is not 1; objects in any order.

Knows the values that exact_json makes: None, bool, int (of 64 bits), Decimal, str, list and dict.
"""

from collections.abc import Callable, Hashable
from decimal import MAX_EMAX, MAX_PREC, MIN_EMIN, Context, Decimal
from typing import Any

from handler.contract.patterns import Effort

_BOOLEAN, _NUMBER, _ARRAY, _OBJECT = object(), object(), object(), object()
_INT_DIGITS = 18
_THEMSELVES = {int, str, type(None)}
_NEAR = 50
_LARGEST_EXPONENT = 131_071
_AT_ONCE = 1000
_STEPS_OF_AN_ELEMENT = 100

# Of any precision: a quotient, or a number without its trailing zeros, is exact however many digits it has.
_EXACT = Context(prec=MAX_PREC, Emax=MAX_EMAX, Emin=MIN_EMIN, traps=[])


def identity(value: Any) -> Hashable:
    """A hashable that is equal for values that are equal as JSON; takes time in proportion to the value."""
    kind = type(value)
    if kind is bool:
        return (_BOOLEAN, value)
    if kind is Decimal:
        return _number(value)
    if kind is list:
        return (_ARRAY, *map(identity, value))
    if kind is dict:
        return (_OBJECT, frozenset((name, identity(member)) for name, member in value.items()))
    return value  # type: ignore[no-any-return] # None, a string, or an int


def has_twins(values: list[Any], effort: Effort) -> bool:
    """Whether two elements are equal. Raises TooCostly."""
    kinds = set(map(type, values))
    if kinds <= _THEMSELVES:
        return len(set(values)) < len(values)
    seen: set[Hashable] = set()
    for start in range(0, len(values), _AT_ONCE):
        effort.spend(_AT_ONCE * _STEPS_OF_AN_ELEMENT)
        seen.update(map(identity, values[start : start + _AT_ONCE]))
    return len(seen) < len(values)


def multiples_of(divisor: int | Decimal, effort: Effort) -> Callable[[int | Decimal], bool]:
    """Return the exact test of whether a number is a multiple. It raises TooCostly."""
    sign, digits, exponent = Decimal(divisor).as_tuple()
    assert isinstance(exponent, int)  # noqa: S101 (a divisor is finite)
    whole, exact = int("".join(map(str, digits))), Decimal((sign, digits, exponent))
    scale: int = 10 ** max(-exponent, 0)
    by: int = whole * 10 ** max(exponent, 0)

    def test(value: int | Decimal) -> bool:
        if type(value) is int:
            return value * scale % by == 0
        effort.spend()
        value = Decimal(value)
        if value.adjusted() > _LARGEST_EXPONENT:
            return False  # a string of digits may spell a number that no numeric of PostgreSQL's can hold
        if -_NEAR < value.adjusted() < _NEAR:
            return _EXACT.remainder(value, exact).is_zero()
        # Without a fraction on either side, so that a divisor need not be written out to as many digits as the number.
        scaled = _EXACT.scaleb(value, -exponent)
        return scaled == scaled.to_integral_value() and _EXACT.remainder(scaled, Decimal(whole)).is_zero()

    return test


def _number(value: Decimal) -> Hashable:
    # Callers can choose numbers whose hashes are all the same, but not texts: a text's hash has a secret in it.
    if value.adjusted() < _INT_DIGITS and value == value.to_integral_value():
        return int(value)
    return (_NUMBER, str(_EXACT.normalize(value)))
