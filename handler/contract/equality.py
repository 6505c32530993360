"""The equality of JSON values: numbers by their value, so 1 is 1.0, but true is not 1; objects in any order.

Knows the values that exact_json makes: None, bool, int (of 64 bits), Decimal, str, list and dict.
"""

from collections.abc import Hashable
from decimal import MAX_EMAX, MAX_PREC, MIN_EMIN, Context, Decimal
from typing import Any

from handler.contract.patterns import Effort

_BOOLEAN, _NUMBER, _ARRAY, _OBJECT = object(), object(), object(), object()
_INT_DIGITS = 18
_THEMSELVES = {int, str, type(None)}

EXACT = Context(prec=MAX_PREC, Emax=MAX_EMAX, Emin=MIN_EMIN, traps=[])
"""Of any precision: a quotient, or a number without its trailing zeros, is exact however many digits it has."""


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
    for piece in effort.pieces(values):
        seen.update(map(identity, piece))
    return len(seen) < len(values)


def _number(value: Decimal) -> Hashable:
    # Callers can choose numbers whose hashes are all the same, but not texts: a text's hash has a secret in it.
    if value.adjusted() < _INT_DIGITS and value == value.to_integral_value():
        return int(value)
    return (_NUMBER, str(EXACT.normalize(value)))
