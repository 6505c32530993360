"""The quick check: recognises values that satisfy a JSON Schema (2020-12), and explains nothing.

A schema becomes functions once; a value then passes through those of its own type. A value that is accepted is valid,
by the same meaning that `explanation` gives to jsonschema. One that is refused may be valid all the same: the schema
may have keywords that are not known here. Bounds and lengths are looked at before anything that takes longer.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

from handler.contract import formats
from handler.contract.equality import has_twins, identity, multiples_of
from handler.contract.patterns import DECIMAL, DERIVED, FINITE_DECIMAL, Effort, Pattern

Predicate = Callable[[Any], bool]

_AT_ONCE = 1000
_STEPS_OF_AN_ELEMENT = 100


class Recognizer(NamedTuple):
    """The quick check of one schema."""

    accepts: Predicate
    """Whether a value is certainly valid; raises KeyError for a value that exact_json does not make, and TooCostly."""
    accepts_all: Callable[[Collection[Any]], bool]
    """The same of many values at once, in less time."""
    exact: bool
    """A value that is not accepted is certainly not valid."""


class Recognizers:
    """The quick checks of a schema and of all schemas within it."""

    def __init__(self, effort: Effort) -> None:
        self._effort = effort
        self._made: dict[int, tuple[Any, Recognizer]] = {}
        self._patterns: dict[str, Predicate] = {}
        self._keywords: dict[tuple[int, str], tuple[Any, Predicate]] = {}

    def of(self, schema: Any) -> Recognizer:
        """Return the quick check of a schema; it is made once for each object that is one."""
        known = self._made.get(id(schema))
        if known is None:
            # The schema is kept, so that no other gets its address.
            known = self._made[id(schema)] = (schema, self._make(schema))
        return known[1]

    def keyword(self, schema: Mapping[str, Any], keyword: str) -> Predicate:
        """Return the quick check of one keyword of a schema, which must be one that looks at no other schema."""
        known = self._keywords.get((id(schema), keyword))
        if known is None:
            known = self._keywords[id(schema), keyword] = (schema, self._alone(schema, keyword))
        return known[1]

    def _alone(self, schema: Mapping[str, Any], keyword: str) -> Predicate:
        alone = {keyword: schema[keyword]}
        accepts = self._make(alone).accepts
        if keyword not in _OF_NUMBERS or not takes_decimal_strings(schema):
            return accepts
        (of_strings,) = _as_decimals(schema, list(self._of_numbers(alone)))
        return lambda value: of_strings(value) if type(value) is str else accepts(value)

    def pattern(self, written: str) -> Predicate:
        """Return the check of a regular expression."""
        known = self._patterns.get(written)
        if known is None:
            derived = DERIVED.get(written)
            known = self._patterns[written] = derived.check if derived else _matching(Pattern(written), self._effort)
        return known

    def _make(self, schema: Any) -> Recognizer:
        if isinstance(schema, bool):
            return _EVERYTHING if schema else Recognizer(_nothing, _no_value, exact=True)
        if schema.keys() - KEYWORDS:
            return Recognizer(_nothing, _no_value, exact=False)
        whole, whole_exact = self._of_any_type(schema)
        objects, objects_exact = self._of_objects(schema)
        arrays, arrays_exact = self._of_arrays(schema)
        numbers = list(self._of_numbers(schema))
        tests: dict[type, list[Predicate] | None] = {
            # The pattern first: it stops at the first string that is no number.
            str: [*self._of_strings(schema), *_as_decimals(schema, numbers)],
            int: numbers,
            Decimal: numbers,
            dict: objects,
            list: arrays,
            bool: [],
            type(None): [],
        }
        _only_types(schema.get("type"), tests)
        by_type = {kind: None if own is None else [*own, *whole] for kind, own in tests.items()}
        exact = whole_exact and objects_exact and arrays_exact
        within = None if whole else _within(schema)
        return Recognizer(_dispatch(by_type), _dispatch_all(by_type, within), exact)

    def _of_any_type(self, schema: Mapping[str, Any]) -> tuple[list[Predicate], bool]:
        tests: list[Predicate] = []
        exact = True
        if "enum" in schema:
            tests.append(_one_of(schema["enum"]))
        if "const" in schema:
            tests.append(_one_of([schema["const"]]))
        for keyword, combine, needs_exact in _COMBINED:
            if keyword in schema:
                parts = [self.of(part) for part in schema[keyword]]
                all_exact = all(part.exact for part in parts)
                exact = exact and all_exact
                tests.append(combine([part.accepts for part in parts]) if all_exact or not needs_exact else _nothing)
        if "not" in schema:
            ruled_out = self.of(schema["not"])
            exact = exact and ruled_out.exact
            tests.append(_negation(ruled_out.accepts) if ruled_out.exact else _nothing)
        return tests, exact

    def _of_numbers(self, schema: Mapping[str, Any]) -> Iterator[Predicate]:
        for keyword, make in _BOUNDS:
            if keyword in schema:
                yield make(schema[keyword])
        if "multipleOf" in schema:
            yield multiples_of(schema["multipleOf"], self._effort)

    def _of_strings(self, schema: Mapping[str, Any]) -> Iterator[Predicate]:
        yield from _lengths(schema, "Length")
        if "format" in schema and schema["format"] in formats.CHECKS:
            yield formats.CHECKS[schema["format"]]
        if "pattern" in schema:
            yield self.pattern(schema["pattern"])

    def _of_arrays(self, schema: Mapping[str, Any]) -> tuple[list[Predicate], bool]:
        tests = list(_lengths(schema, "Items"))
        if schema.get("uniqueItems"):
            tests.append(lambda value: not has_twins(value, self._effort))
        first = [self.of(part) for part in schema.get("prefixItems", ())]
        rest = self.of(schema.get("items", True))
        exact = rest.exact and all(part.exact for part in first)
        if first:
            tests.append(_prefix([part.accepts for part in first]))
        if rest is not _EVERYTHING:
            tests.append(_elements(rest, len(first)))
        if "contains" in schema:
            inner = self.of(schema["contains"])
            exact = exact and inner.exact
            least, most = schema.get("minContains", 1), schema.get("maxContains")
            tests.append(_contains(inner.accepts, least, most, self._effort) if inner.exact else _nothing)
        return tests, exact

    def _of_objects(self, schema: Mapping[str, Any]) -> tuple[list[Predicate], bool]:
        tests = list(_lengths(schema, "Properties"))
        if schema.get("required"):
            names = frozenset(schema["required"])
            tests.append(lambda value: names <= value.keys())
        tests += [_dependent(name, needed) for name, needed in schema.get("dependentRequired", {}).items()]
        properties = {name: self.of(part) for name, part in schema.get("properties", {}).items()}
        patterns = [(self.pattern(name), self.of(part)) for name, part in schema.get("patternProperties", {}).items()]
        others = self.of(schema.get("additionalProperties", True))
        names_too = self.of(schema.get("propertyNames", True))
        if properties or patterns or others is not _EVERYTHING:
            own = {name: part.accepts for name, part in properties.items()}
            by_pattern = [(matches, part.accepts) for matches, part in patterns]
            tests.append(_members(own, by_pattern, others.accepts))
        if names_too is not _EVERYTHING:
            tests.append(_elements(names_too, 0))
        parts = [*properties.values(), *(part for _, part in patterns), others, names_too]
        return tests, all(part.exact for part in parts)


def _matching(pattern: Pattern, effort: Effort) -> Predicate:
    return lambda text: pattern.matches(text, effort)


def takes_decimal_strings(schema: Mapping[str, Any]) -> bool:
    """Whether the schema is that of a number which may also come as a string of digits; the same bounds hold for it."""
    return schema.get("pattern") in (DECIMAL, FINITE_DECIMAL)


def _dispatch(tests: dict[type, list[Predicate] | None]) -> Predicate:
    def accepts(value: Any) -> bool:
        own = tests[type(value)]
        if own is None:
            return False
        for test in own:  # noqa: SIM110 (a generator would take twice the time)
            if not test(value):
                return False
        return True

    return accepts


def _dispatch_all(
    tests: dict[type, list[Predicate] | None], within: Predicate | None
) -> Callable[[Collection[Any]], bool]:
    """`within` does for many whole numbers what their tests do for each."""

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


def _anything(_: Any) -> bool:
    return True


def _nothing(_: Any) -> bool:
    return False


def _no_value(values: Collection[Any]) -> bool:
    return not values


_EVERYTHING = Recognizer(_anything, _anything, exact=True)


def _only_types(written: str | list[str] | None, tests: dict[type, list[Predicate] | None]) -> None:
    """Leave out the types of Python that a schema's `type` leaves out."""
    if written is None:
        return
    names = {written} if isinstance(written, str) else set(written)
    allowed = set().union(*(_PYTHON_TYPES.get(name, ()) for name in names))
    for kind in tests.keys() - allowed:
        tests[kind] = None
    decimals = tests[Decimal]
    if decimals is not None and "number" not in names:
        tests[Decimal] = [is_whole, *decimals]


def is_whole(number: Decimal) -> bool:
    """Whether a number has no fraction."""
    return number == number.to_integral_value()


def _one_of(values: list[Any]) -> Predicate:
    allowed = frozenset(map(identity, values))
    if all(type(value) is str for value in values):
        return lambda value: type(value) is str and value in allowed
    return lambda value: identity(value) in allowed


def _within(schema: Mapping[str, Any]) -> Predicate | None:
    """The check of many numbers, where bounds are all there is to check."""
    least, most = schema.get("minimum"), schema.get("maximum")
    if least is None or most is None or schema.keys() & {"exclusiveMinimum", "exclusiveMaximum", "multipleOf"}:
        return None
    return lambda numbers: bool(least <= min(numbers) and max(numbers) <= most)


def _as_decimals(schema: Mapping[str, Any], numbers: list[Predicate]) -> Iterator[Predicate]:
    """The bounds of numbers for strings of digits, compared exactly; what else a string may be is the pattern's."""
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


def _lengths(schema: Mapping[str, Any], what: str) -> Iterator[Predicate]:
    least, most = schema.get(f"min{what}"), schema.get(f"max{what}")
    if least is not None:
        yield lambda value: len(value) >= least
    if most is not None:
        yield lambda value: len(value) <= most


def _elements(recognizer: Recognizer, start: int) -> Predicate:
    accepts_all = recognizer.accepts_all
    return (lambda value: accepts_all(value[start:])) if start else accepts_all


def _prefix(parts: list[Predicate]) -> Predicate:
    return lambda value: all(accepts(element) for accepts, element in zip(parts, value, strict=False))


def _contains(accepts: Predicate, least: int, most: int | None, effort: Effort) -> Predicate:
    def test(value: list[Any]) -> bool:
        found = 0
        for start in range(0, len(value), _AT_ONCE):
            effort.spend(_AT_ONCE * _STEPS_OF_AN_ELEMENT)
            found += sum(map(accepts, value[start : start + _AT_ONCE]))
            if most is None and found >= least:
                return True
        return least <= found <= (found if most is None else most)

    return test


def _dependent(name: str, needed: Collection[str]) -> Predicate:
    return lambda value: name not in value or all(other in value for other in needed)


def _members(
    properties: dict[str, Predicate], patterns: list[tuple[Predicate, Predicate]], others: Predicate
) -> Predicate:
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


def _any(parts: list[Predicate]) -> Predicate:
    return lambda value: any(accepts(value) for accepts in parts)


def _all(parts: list[Predicate]) -> Predicate:
    return lambda value: all(accepts(value) for accepts in parts)


def _exactly_one(parts: list[Predicate]) -> Predicate:
    return lambda value: sum(accepts(value) for accepts in parts) == 1


def _negation(accepts: Predicate) -> Predicate:
    return lambda value: not accepts(value)


_PYTHON_TYPES: dict[str, tuple[type, ...]] = {
    "array": (list,),
    "boolean": (bool,),
    "integer": (int, Decimal),
    "null": (type(None),),
    "number": (int, Decimal),
    "object": (dict,),
    "string": (str,),
}

_BOUNDS: tuple[tuple[str, Callable[[Any], Predicate]], ...] = (
    ("minimum", lambda bound: lambda value: value >= bound),
    ("maximum", lambda bound: lambda value: value <= bound),
    ("exclusiveMinimum", lambda bound: lambda value: value > bound),
    ("exclusiveMaximum", lambda bound: lambda value: value < bound),
)

_OF_NUMBERS = frozenset({"multipleOf", *(keyword for keyword, _ in _BOUNDS)})

# The keyword, how its parts are put together, and whether that needs to know what a part surely refuses.
_COMBINED: tuple[tuple[str, Callable[[list[Predicate]], Predicate], bool], ...] = (
    ("allOf", _all, False),
    ("anyOf", _any, False),
    ("oneOf", _exactly_one, True),
)

_ANNOTATIONS = frozenset({"title", "description", "default", "examples", "deprecated"})
KEYWORDS = _ANNOTATIONS | {
    *("type", "enum", "const", "allOf", "anyOf", "oneOf", "not"),
    *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
    *("minLength", "maxLength", "pattern", "format"),
    *("items", "prefixItems", "contains", "minContains", "maxContains", "minItems", "maxItems", "uniqueItems"),
    *("properties", "patternProperties", "additionalProperties", "propertyNames", "required"),
    *("minProperties", "maxProperties", "dependentRequired"),
}
"""Every keyword that is known here; the compiler takes no other."""
