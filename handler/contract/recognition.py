"""The quick check: recognises values that satisfy a JSON Schema (2020-12), and explains nothing.

A schema becomes functions once; a value then passes through those of its own type. A value that is accepted is valid,
by the same meaning that `explanation` gives to jsonschema. One that is refused may be valid all the same: the schema
may have keywords that are not known here. Bounds and lengths are looked at before anything that takes longer.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from handler.contract import formats, predicates
from handler.contract.equality import has_twins
from handler.contract.patterns import Effort
from handler.contract.predicates import ByType, Predicate


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
        if keyword not in OF_NUMBERS or not predicates.takes_decimal_strings(schema):
            return accepts
        (of_strings,) = predicates.of_decimal_strings(schema, list(self._of_numbers(alone)))
        return lambda value: of_strings(value) if type(value) is str else accepts(value)

    def pattern(self, written: str) -> Predicate:
        """Return the check of a regular expression."""
        known = self._patterns.get(written)
        if known is None:
            known = self._patterns[written] = predicates.matching(written, self._effort)
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
        tests: ByType = {
            # The pattern first: it stops at the first string that is no number.
            str: [*self._of_strings(schema), *predicates.of_decimal_strings(schema, numbers)],
            int: numbers,
            Decimal: numbers,
            dict: objects,
            list: arrays,
            bool: [],
            type(None): [],
        }
        named = predicates.of_named_types(schema.get("type"), tests)
        by_type = {kind: None if own is None else [*own, *whole] for kind, own in named.items()}
        exact = whole_exact and objects_exact and arrays_exact
        within = None if whole else predicates.bounds_for_all(schema)
        return Recognizer(predicates.of_types(by_type), predicates.of_types_for_all(by_type, within), exact)

    def _of_any_type(self, schema: Mapping[str, Any]) -> tuple[list[Predicate], bool]:
        tests: list[Predicate] = []
        exact = True
        if "enum" in schema:
            tests.append(predicates.one_of(schema["enum"]))
        if "const" in schema:
            tests.append(predicates.one_of([schema["const"]]))
        for keyword, combine, needs_exact in _COMBINED:
            if keyword in schema:
                parts = [self.of(part) for part in schema[keyword]]
                all_exact = all(part.exact for part in parts)
                exact = exact and all_exact
                tests.append(combine([part.accepts for part in parts]) if all_exact or not needs_exact else _nothing)
        if "not" in schema:
            ruled_out = self.of(schema["not"])
            exact = exact and ruled_out.exact
            tests.append(predicates.negation(ruled_out.accepts) if ruled_out.exact else _nothing)
        return tests, exact

    def _of_numbers(self, schema: Mapping[str, Any]) -> Iterator[Predicate]:
        for keyword, make in predicates.BOUNDS:
            if keyword in schema:
                yield make(schema[keyword])
        if "multipleOf" in schema:
            yield predicates.multiples_of(schema["multipleOf"], self._effort)

    def _of_strings(self, schema: Mapping[str, Any]) -> Iterator[Predicate]:
        yield from predicates.lengths(schema, "Length")
        if "format" in schema and schema["format"] in formats.CHECKS:
            yield formats.CHECKS[schema["format"]]
        if "pattern" in schema:
            yield self.pattern(schema["pattern"])

    def _of_arrays(self, schema: Mapping[str, Any]) -> tuple[list[Predicate], bool]:
        tests = list(predicates.lengths(schema, "Items"))
        if schema.get("uniqueItems"):
            tests.append(lambda value: not has_twins(value, self._effort))
        first = [self.of(part) for part in schema.get("prefixItems", ())]
        rest = self.of(schema.get("items", True))
        exact = rest.exact and all(part.exact for part in first)
        if first:
            tests.append(predicates.prefix([part.accepts for part in first]))
        if rest is not _EVERYTHING:
            tests.append(_elements(rest, len(first)))
        if "contains" in schema:
            inner = self.of(schema["contains"])
            exact = exact and inner.exact
            least, most = schema.get("minContains", 1), schema.get("maxContains")
            tests.append(predicates.contains(inner.accepts, least, most, self._effort) if inner.exact else _nothing)
        return tests, exact

    def _of_objects(self, schema: Mapping[str, Any]) -> tuple[list[Predicate], bool]:
        tests = list(predicates.lengths(schema, "Properties"))
        if schema.get("required"):
            names = frozenset(schema["required"])
            tests.append(lambda value: names <= value.keys())
        tests += [predicates.dependent(name, needed) for name, needed in schema.get("dependentRequired", {}).items()]
        properties = {name: self.of(part) for name, part in schema.get("properties", {}).items()}
        patterns = [(self.pattern(name), self.of(part)) for name, part in schema.get("patternProperties", {}).items()]
        others = self.of(schema.get("additionalProperties", True))
        names_too = self.of(schema.get("propertyNames", True))
        if properties or patterns or others is not _EVERYTHING:
            own = {name: part.accepts for name, part in properties.items()}
            by_pattern = [(matches, part.accepts) for matches, part in patterns]
            tests.append(predicates.members(own, by_pattern, others.accepts))
        if names_too is not _EVERYTHING:
            tests.append(_elements(names_too, 0))
        parts = [*properties.values(), *(part for _, part in patterns), others, names_too]
        return tests, all(part.exact for part in parts)


def _anything(_: Any) -> bool:
    return True


def _nothing(_: Any) -> bool:
    return False


def _no_value(values: Collection[Any]) -> bool:
    return not values


_EVERYTHING = Recognizer(_anything, _anything, exact=True)


def _elements(recognizer: Recognizer, start: int) -> Predicate:
    accepts_all = recognizer.accepts_all
    return (lambda value: accepts_all(value[start:])) if start else accepts_all


# The keyword, how its parts are put together, and whether that needs to know what a part surely refuses.
_COMBINED: tuple[tuple[str, Callable[[list[Predicate]], Predicate], bool], ...] = (
    ("allOf", predicates.all_of, False),
    ("anyOf", predicates.any_of, False),
    ("oneOf", predicates.exactly_one_of, True),
)

ANNOTATIONS = frozenset({"title", "description", "default", "examples", "deprecated"})
OF_NUMBERS = frozenset({"multipleOf", *(keyword for keyword, _ in predicates.BOUNDS)})
OF_STRINGS = frozenset({"minLength", "maxLength", "pattern", "format"})
OF_ARRAYS = frozenset(
    {"items", "prefixItems", "contains", "minContains", "maxContains", "minItems", "maxItems", "uniqueItems"}
)
OF_OBJECTS = frozenset(
    {
        *("properties", "patternProperties", "additionalProperties", "propertyNames", "required"),
        *("minProperties", "maxProperties", "dependentRequired"),
    }
)
OF_ANY_TYPE = frozenset({"type", "enum", "const", "allOf", "anyOf", "oneOf", "not"})

KEYWORDS = ANNOTATIONS | OF_NUMBERS | OF_STRINGS | OF_ARRAYS | OF_OBJECTS | OF_ANY_TYPE
"""Every keyword that is known here; the compiler takes no other."""
