"""The predicates of which the quick check of a schema is made: those of keywords, and what puts several together.

They take the values that exact_json makes, and each only those of the types that its keyword is for.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from handler.contract.equality import EXACT, identity
from handler.contract.exact_json import LARGEST_EXPONENT
from handler.contract.patterns import DECIMAL, DERIVED, FINITE_DECIMAL, Effort, Pattern

Predicate = Callable[[Any], bool]
ByType = dict[type, list[Predicate] | None]
"""The predicates of values by their types; None is for a type of which every value is refused."""

_NEAR = 50


def of_types(tests: ByType) -> Predicate:
    """Return the predicate that passes a value through those of its type."""

    def accepts(value: Any) -> bool:
        own = tests[type(value)]
        if own is None:
            return False
        for test in own:  # noqa: SIM110 (a generator would take twice the time)
            if not test(value):
                return False
        return True

    return accepts


def of_types_for_all(tests: ByType, within: Predicate | None) -> Callable[[Collection[Any]], bool]:
    """Return the same for many values at once; `within` does for many whole numbers what their tests do for each."""

    def accepts_all(values: Collection[Any]) -> bool:
        kinds = set(map(type, values))
        for kind in kinds:
            own = tests[kind]
            if own is None:
                return False
            if own:
                part = values if len(kinds) == 1 else [value for value in values if type(value) is kind]
                if within is not None and kind is int:
                    if not within(part):
                        return False
                elif not all(all(map(test, part)) for test in own):
                    return False
        return True

    return accepts_all


def of_named_types(written: str | list[str] | None, tests: ByType) -> ByType:
    """Return the predicates without those of types that a schema's `type` does not name."""
    if written is None:
        return tests
    names = {written} if isinstance(written, str) else set(written)
    allowed = set().union(*(_PYTHON_TYPES.get(name, ()) for name in names))
    named = {kind: own if kind in allowed else None for kind, own in tests.items()}
    decimals = named[Decimal]
    if decimals is not None and "number" not in names:
        named[Decimal] = [_is_whole, *decimals]
    return named


_PYTHON_TYPES: dict[str, tuple[type, ...]] = {
    "array": (list,),
    "boolean": (bool,),
    "integer": (int, Decimal),
    "null": (type(None),),
    "number": (int, Decimal),
    "object": (dict,),
    "string": (str,),
}


def _is_whole(number: Decimal) -> bool:
    return number == number.to_integral_value()


def one_of(values: list[Any]) -> Predicate:
    """`enum`, and `const` of one value."""
    allowed = frozenset(map(identity, values))
    if all(type(value) is str for value in values):
        return lambda value: type(value) is str and value in allowed
    return lambda value: identity(value) in allowed


def bounds_for_all(schema: Mapping[str, Any]) -> Predicate | None:
    """Return the predicate of many numbers at once, where bounds are all there is to check."""
    least, most = schema.get("minimum"), schema.get("maximum")
    if least is None or most is None or schema.keys() & {"exclusiveMinimum", "exclusiveMaximum", "multipleOf"}:
        return None
    return lambda numbers: bool(least <= min(numbers) and max(numbers) <= most)


BOUNDS: tuple[tuple[str, Callable[[Any], Predicate]], ...] = (
    ("minimum", lambda bound: lambda value: value >= bound),
    ("maximum", lambda bound: lambda value: value <= bound),
    ("exclusiveMinimum", lambda bound: lambda value: value > bound),
    ("exclusiveMaximum", lambda bound: lambda value: value < bound),
)


def multiples_of(divisor: int | Decimal, effort: Effort) -> Callable[[int | Decimal], bool]:
    """`multipleOf`, exactly. The predicate raises TooCostly."""
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
        if value.adjusted() > LARGEST_EXPONENT:
            return False  # a string of digits may spell a number that no numeric of PostgreSQL's can hold
        if -_NEAR < value.adjusted() < _NEAR:
            return EXACT.remainder(value, exact).is_zero()
        # Without a fraction on either side, so that a divisor need not be written out to as many digits as the number.
        scaled = EXACT.scaleb(value, -exponent)
        return scaled == scaled.to_integral_value() and EXACT.remainder(scaled, Decimal(whole)).is_zero()

    return test


def takes_decimal_strings(schema: Mapping[str, Any]) -> bool:
    """Whether the schema is that of a number which may also come as a string of digits; the same bounds hold for it."""
    return schema.get("pattern") in (DECIMAL, FINITE_DECIMAL)


def of_decimal_strings(schema: Mapping[str, Any], numbers: list[Predicate]) -> Iterator[Predicate]:
    """Give the predicates of numbers for strings of digits; what else a string may be is the pattern's."""
    if numbers and takes_decimal_strings(schema):
        matches, is_finite = DERIVED[schema["pattern"]].check, DERIVED[FINITE_DECIMAL].check

        def accepts(text: str) -> bool:
            if not matches(text):
                return True
            try:
                return is_finite(text) and all(test(Decimal(text)) for test in numbers)
            except InvalidOperation:  # an exponent that Decimal has no room for, and PostgreSQL even less
                return False

        yield accepts


def lengths(schema: Mapping[str, Any], what: str) -> Iterator[Predicate]:
    """`minLength` and `maxLength`, or with another ending those of arrays and objects."""
    least, most = schema.get(f"min{what}"), schema.get(f"max{what}")
    if least is not None:
        yield lambda value: len(value) >= least
    if most is not None:
        yield lambda value: len(value) <= most


def matching(written: str, effort: Effort) -> Predicate:
    """`pattern`: a derived one by its own check, an author's by RE2. Raises PatternError."""
    derived = DERIVED.get(written)
    if derived is not None:
        return derived.check
    pattern = Pattern(written)
    return lambda text: pattern.matches(text, effort)


def prefix(parts: list[Predicate]) -> Predicate:
    """`prefixItems`."""
    return lambda value: all(accepts(element) for accepts, element in zip(parts, value, strict=False))


def contains(accepts: Predicate, least: int, most: int | None, effort: Effort) -> Predicate:
    """`contains` with `minContains` and `maxContains`. The predicate raises TooCostly."""

    def test(value: list[Any]) -> bool:
        found = 0
        for piece in effort.pieces(value):
            found += sum(map(accepts, piece))
            if most is None and found >= least:
                return True
        return least <= found <= (found if most is None else most)

    return test


def dependent(name: str, needed: Collection[str]) -> Predicate:
    """`dependentRequired`, for one member."""
    return lambda value: name not in value or all(other in value for other in needed)


def members(
    properties: dict[str, Predicate], patterns: list[tuple[Predicate, Predicate]], others: Predicate
) -> Predicate:
    """`properties`, `patternProperties` and `additionalProperties`."""

    def accepts(value: dict[str, Any]) -> bool:
        for name, member in value.items():
            own = properties.get(name)
            if own is not None and not own(member):
                return False
            known = own is not None
            for matches, by_pattern in patterns:
                if matches(name):
                    known = True
                    if not by_pattern(member):
                        return False
            if not known and not others(member):
                return False
        return True

    return accepts


def any_of(parts: list[Predicate]) -> Predicate:
    """`anyOf`."""
    return lambda value: any(accepts(value) for accepts in parts)


def all_of(parts: list[Predicate]) -> Predicate:
    """`allOf`."""
    return lambda value: all(accepts(value) for accepts in parts)


def exactly_one_of(parts: list[Predicate]) -> Predicate:
    """`oneOf`."""
    return lambda value: sum(accepts(value) for accepts in parts) == 1


def negation(accepts: Predicate) -> Predicate:
    """`not`."""
    return lambda value: not accepts(value)
