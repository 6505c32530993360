"""Whether every value of one JSON Schema is a value of another, as far as their keywords show it.

Sound, and not complete: where nothing is reported, there is no value of the first that the second refuses. A keyword
that cannot be compared counts as one that refuses. Means the keywords as handler.contract.validation does.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from handler.contract.patterns import DECIMAL, FINITE_DECIMAL, NOT_FINITE, Effort, Pattern
from handler.contract.recognition import Recognizers
from queryport.breaking.numbers import Bounds, exact_numbers

Schema = Any
Path = tuple[str, ...]

TYPES = ("null", "boolean", "integer", "fraction", "string", "array", "object")
"""The types of JSON, with `number` in two: whole ones, and those that are not."""

_ANNOTATIONS = frozenset({"title", "description", "default", "examples", "deprecated"})
_COMBINING = frozenset({"allOf", "anyOf", "oneOf", "not", "enum", "const", "type"})
_OF_TYPE = {
    "string": ("minLength", "maxLength", "pattern", "format"),
    "array": ("items", "prefixItems", "contains", "minContains", "maxContains", "minItems", "maxItems", "uniqueItems"),
    "object": (
        *("properties", "patternProperties", "additionalProperties", "propertyNames", "required"),
        *("minProperties", "maxProperties", "dependentRequired"),
    ),
}
_NUMERIC = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")
_KNOWN = _ANNOTATIONS | _COMBINING | {*_NUMERIC, *(keyword for group in _OF_TYPE.values() for keyword in group)}
_DEEPEST = 60
_IMPLIED_PATTERNS = {(FINITE_DECIMAL, DECIMAL), (NOT_FINITE, DECIMAL)}


class Excess(NamedTuple):
    """A keyword by which a value of the first schema may be none of the second."""

    path: Path
    """The members on the way to the value; `[]` is an element of an array, `*` any member."""
    keyword: str
    has: Any = None
    """What the first says, of `type` and `enum` only what is too much."""
    allows: Any = None
    """What the second says."""


def excess(first: Schema, second: Schema) -> list[Excess]:
    """Return what the first schema takes and the second may not; nothing if the second takes all of it."""
    if _same(first, second):
        return []
    found: list[Excess] = []
    for each in _excess([exact_numbers(first)], exact_numbers(second), (), 0):
        if each not in found:
            found.append(each)
    return found


def _excess(first: Sequence[Schema], second: Schema, path: Path, depth: int) -> Iterator[Excess]:
    """The same of a conjunction: every schema of `first` holds."""
    second = _asserting(second)
    if second is True or not (second is False or second) or any(each is False for each in first):
        return
    if any(_same(_asserting(each), second) for each in first):
        return
    if second is False:
        yield Excess(path, "false")
        return
    if depth > _DEEPEST:
        yield Excess(path, "depth")
        return
    conjuncts = list(_flattened(first))
    finite = _values(conjuncts)
    if finite is not None:
        yield from _of_values(finite, conjuncts, second, path)
        return
    alternatives = next((each for each in conjuncts if isinstance(each, dict) and _choice(each)), None)
    if alternatives is not None:
        keyword = _choice(alternatives)
        rest = {name: value for name, value in alternatives.items() if name != keyword}
        others = [each for each in conjuncts if each is not alternatives]
        if not any(True for _ in _by_types([*others, alternatives], second, path, depth)):
            return
        for branch in alternatives[str(keyword)]:
            yield from _excess([*others, rest, branch], second, path, depth + 1)
        return
    yield from _by_types(conjuncts, second, path, depth)


def _by_types(first: Sequence[Schema], second: Mapping[str, Any], path: Path, depth: int) -> Iterator[Excess]:
    """Compare one type of JSON after the other, so that a branch of the second may be another one for each."""
    types = _types_of(first)
    too_many = [kind for kind in types if not _may_be(second, kind)]
    if too_many:
        yield Excess(path, "type", tuple(too_many), second.get("type"))
    for kind in types:
        if kind not in too_many:
            yield from _of_type(first, second, kind, path, depth)


def _of_type(first: Sequence[Schema], second: Schema, kind: str, path: Path, depth: int) -> Iterator[Excess]:
    """Compare what the two say of values of one type."""
    if second is True:
        return
    if second is False:
        yield Excess(path, "false")
        return
    if not _may_be(second, kind):
        yield Excess(path, "type", (kind,), second.get("type"))
        return
    yield from _of_any_type(first, second, kind, path, depth)
    if kind in ("integer", "fraction"):
        yield from _numbers(first, second, kind, path)
    elif kind == "string":
        yield from _strings(first, second, path)
    elif kind == "array":
        yield from _arrays(first, second, path, depth)
    elif kind == "object":
        yield from _objects(first, second, path, depth)


def _of_any_type(
    first: Sequence[Schema], second: Mapping[str, Any], kind: str, path: Path, depth: int
) -> Iterator[Excess]:
    """Compare the keywords that values of every type have to satisfy."""
    for keyword in second.keys() - _KNOWN:
        if not any(isinstance(each, dict) and each.get(keyword) == second[keyword] for each in first):
            yield Excess(path, keyword, None, second[keyword])
    if "enum" in second or "const" in second:
        yield from _into_enum(kind, second, path)
    for each in second.get("allOf", ()):
        yield from _of_type(first, _asserting(each), kind, path, depth + 1)
    for keyword in ("anyOf", "oneOf"):
        if keyword in second:
            yield from _into_branches(first, second, keyword, kind, path, depth)
    if "not" in second and not _excludes(first, second["not"], kind):
        yield Excess(path, "not", None, second["not"])


def _into_enum(kind: str, second: Mapping[str, Any], path: Path) -> Iterator[Excess]:
    """An infinite type cannot fit into an enum; the two that are finite may."""
    values: Sequence[Any] = {"null": (None,), "boolean": (False, True)}.get(kind, ())
    fits = bool(values) and all(_accepts({"enum": _labels(second)}, value) for value in values)
    if not fits:
        yield Excess(path, "enum", None, tuple(map(repr, _labels(second))))


def _labels(schema: Mapping[str, Any]) -> list[Any]:
    labels = list(schema.get("enum", ())) if "enum" in schema else [schema["const"]]
    return [label for label in labels if "const" not in schema or label == schema["const"]]


def _into_branches(
    first: Sequence[Schema], second: Mapping[str, Any], keyword: str, kind: str, path: Path, depth: int
) -> Iterator[Excess]:
    branches = [_asserting(branch) for branch in second[keyword]]
    possible = [branch for branch in branches if branch is not False and _may_be(branch, kind)]
    if keyword == "oneOf" and len(possible) > 1:
        if not any(isinstance(each, dict) and each.get("oneOf") == second["oneOf"] for each in first):
            yield Excess(path, "oneOf", None, second["oneOf"])
        return
    narrowed = [*first, {"type": "number" if kind == "fraction" else kind}]
    found = [list(_excess(narrowed, branch, path, depth + 1)) for branch in possible]
    if not found:
        yield Excess(path, "type", (kind,), None)
    elif all(found):
        yield from min(found, key=len)


def _excludes(first: Sequence[Schema], refused: Schema, kind: str) -> bool:
    if refused is False or (isinstance(refused, dict) and not _may_be(refused, kind)):
        return True
    return any(isinstance(each, dict) and each.get("not") == refused for each in first)


def _numbers(first: Sequence[Schema], second: Mapping[str, Any], kind: str, path: Path) -> Iterator[Excess]:
    bounds = Bounds.of(first, whole=kind == "integer")
    for keyword in ("minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum"):
        if keyword in second and not bounds.implies(keyword, second[keyword]):
            yield Excess(path, keyword, bounds.said(keyword), second[keyword])
    if "multipleOf" in second and not bounds.is_multiple_of(second["multipleOf"]):
        yield Excess(path, "multipleOf", bounds.said("multipleOf"), second["multipleOf"])


def _strings(first: Sequence[Schema], second: Mapping[str, Any], path: Path) -> Iterator[Excess]:
    yield from _at_least(first, second, "minLength", path)
    yield from _at_most(first, second, "maxLength", path)
    for keyword in ("pattern", "format"):
        if keyword not in second:
            continue
        said = [each[keyword] for each in first if isinstance(each, dict) and keyword in each]
        implied = keyword == "pattern" and any((each, second["pattern"]) in _IMPLIED_PATTERNS for each in said)
        if second[keyword] not in said and not implied:
            yield Excess(path, keyword, said[0] if said else None, second[keyword])
    # The bounds of a number that may come as a string of digits hold for the string, too.
    if second.get("pattern") in (DECIMAL, FINITE_DECIMAL) and not {*_NUMERIC}.isdisjoint(second):
        digits = [each for each in first if isinstance(each, dict) and each.get("pattern") == second["pattern"]]
        yield from _numbers(digits, second, "fraction", path)


def _at_least(first: Sequence[Schema], second: Mapping[str, Any], keyword: str, path: Path) -> Iterator[Excess]:
    said = [each[keyword] for each in first if isinstance(each, dict) and keyword in each]
    if keyword in second and max(said, default=0) < second[keyword]:
        yield Excess(path, keyword, max(said, default=None), second[keyword])


def _at_most(first: Sequence[Schema], second: Mapping[str, Any], keyword: str, path: Path) -> Iterator[Excess]:
    said = [each[keyword] for each in first if isinstance(each, dict) and keyword in each]
    if keyword in second and (not said or min(said) > second[keyword]):
        yield Excess(path, keyword, min(said, default=None), second[keyword])


def _arrays(first: Sequence[Schema], second: Mapping[str, Any], path: Path, depth: int) -> Iterator[Excess]:
    yield from _at_least(first, second, "minItems", path)
    yield from _at_most(first, second, "maxItems", path)
    if second.get("uniqueItems") and not any(isinstance(each, dict) and each.get("uniqueItems") for each in first):
        yield Excess(path, "uniqueItems", allows="true")
    prefix = second.get("prefixItems", [])
    longest = max([len(prefix), *(len(each.get("prefixItems", ())) for each in first if isinstance(each, dict))])
    longest = min([longest, *(each["maxItems"] for each in first if isinstance(each, dict) and "maxItems" in each)])
    for index in range(int(longest)):
        wanted = prefix[index] if index < len(prefix) else second.get("items", True)
        yield from _excess(_elements(first, index), wanted, (*path, str(index)), depth + 1)
    if "items" in second and not _ends_at(first, int(longest)):
        yield from _excess(_elements(first, None), second["items"], (*path, "[]"), depth + 1)
    if "contains" in second:
        parts = ("contains", "minContains", "maxContains")
        same = any(
            isinstance(each, dict) and all(each.get(part) == second.get(part) for part in parts) for each in first
        )
        if not same:
            yield Excess(path, "contains", None, second["contains"])


def _elements(first: Sequence[Schema], index: int | None) -> list[Schema]:
    """What is said of the element of an index, or of all behind the prefixes."""
    said: list[Schema] = []
    for each in first:
        if isinstance(each, dict):
            prefix = each.get("prefixItems", ())
            said.append(prefix[index] if index is not None and index < len(prefix) else each.get("items", True))
    return said


def _ends_at(first: Sequence[Schema], length: int) -> bool:
    """Whether no array is longer."""
    return any(isinstance(each, dict) and each.get("maxItems", length + 1) <= length for each in first)


def _objects(first: Sequence[Schema], second: Mapping[str, Any], path: Path, depth: int) -> Iterator[Excess]:
    mappings = [each for each in first if isinstance(each, dict)]
    required = {name for each in mappings for name in each.get("required", ())}
    named = {name for each in mappings for name in each.get("properties", {})}
    properties, patterns = second.get("properties", {}), second.get("patternProperties", {})
    for name in second.get("required", ()):
        if name not in required:
            yield Excess((*path, name), "required", has=name in named)
    for name in dict.fromkeys([*properties, *sorted(named)]):
        said = _member(mappings, name)
        if any(each is False for each in said):
            continue
        wanted = [properties[name]] if name in properties else []
        wanted += [each for pattern, each in patterns.items() if _matches(pattern, name)]
        if not wanted and "additionalProperties" in second:
            if second["additionalProperties"] is False:
                yield Excess((*path, name), "additionalProperties")
                continue
            wanted = [second["additionalProperties"]]
        for each in wanted:
            yield from _excess(said, each, (*path, name), depth + 1)
    yield from _other_members(mappings, second, path, depth)
    yield from _of_names(mappings, second, path)


def _of_names(mappings: Sequence[Mapping[str, Any]], second: Mapping[str, Any], path: Path) -> Iterator[Excess]:
    """Compare what is said of the names of members and of their number."""
    required = {name for each in mappings for name in each.get("required", ())}
    named = {name for each in mappings for name in each.get("properties", {})}
    if "minProperties" in second and len(required) < second["minProperties"]:
        yield from _at_least(mappings, second, "minProperties", path)
    if "maxProperties" in second and not (_is_closed(mappings) and len(named) <= second["maxProperties"]):
        yield from _at_most(mappings, second, "maxProperties", path)
    if "propertyNames" in second and not any(each.get("propertyNames") == second["propertyNames"] for each in mappings):
        names_fit = _is_closed(mappings) and all(_accepts(second["propertyNames"], name) for name in named)
        if not names_fit:
            yield Excess(path, "propertyNames", None, second["propertyNames"])
    for name, needed in second.get("dependentRequired", {}).items():
        held = {other for each in mappings for other in each.get("dependentRequired", {}).get(name, ())} | required
        if not held.issuperset(needed) and not any(each is False for each in _member(mappings, name)):
            yield Excess((*path, name), "dependentRequired", None, tuple(needed))


def _other_members(
    mappings: Sequence[Mapping[str, Any]], second: Mapping[str, Any], path: Path, depth: int
) -> Iterator[Excess]:
    """Compare what is said of members that no `properties` names."""
    if _is_closed(mappings):
        return
    patterns = second.get("patternProperties", {})
    wanted: list[tuple[str | None, Schema]] = [*patterns.items()]
    if "additionalProperties" in second:
        wanted.append((None, second["additionalProperties"]))
    # What may govern a member whose name is not known: the schema of any pattern, or what is said of all others.
    governing = [each.get("additionalProperties", True) for each in mappings if "patternProperties" not in each]
    for pattern, schema in wanted:
        same = [each["patternProperties"][pattern] for each in mappings if pattern in each.get("patternProperties", {})]
        if same and pattern is not None:
            yield from _excess([*governing, *same], schema, (*path, "*"), depth + 1)
            continue
        with_patterns = [each for each in mappings if "patternProperties" in each]
        cases = [
            [*governing, case]
            for each in with_patterns
            for case in (*each["patternProperties"].values(), each.get("additionalProperties", True))
        ]
        for case in cases or [governing]:
            yield from _excess(case, schema, (*path, "*"), depth + 1)


def _member(mappings: Sequence[Mapping[str, Any]], name: str) -> list[Schema]:
    """What is said of a member of a name."""
    said: list[Schema] = []
    for each in mappings:
        own = [each["properties"][name]] if name in each.get("properties", {}) else []
        own += [schema for pattern, schema in each.get("patternProperties", {}).items() if _matches(pattern, name)]
        said += own or [each.get("additionalProperties", True)]
    return said


def _is_closed(mappings: Sequence[Mapping[str, Any]]) -> bool:
    """Whether there is no member but those that `properties` name."""
    return any(each.get("additionalProperties") is False and not each.get("patternProperties") for each in mappings)


def _matches(pattern: str, name: str) -> bool:
    return Pattern(pattern).matches(name, Effort())


def _flattened(schemas: Sequence[Schema]) -> Iterator[Schema]:
    """The conjuncts, with those of `allOf` among them."""
    for schema in schemas:
        if isinstance(schema, dict) and "allOf" in schema:
            yield {name: value for name, value in schema.items() if name != "allOf"}
            yield from _flattened(schema["allOf"])
        else:
            yield schema


def _choice(schema: Mapping[str, Any]) -> str | None:
    return next((keyword for keyword in ("anyOf", "oneOf") if keyword in schema), None)


def _values(conjuncts: Sequence[Schema]) -> list[Any] | None:
    """The values where there are only some; None for infinitely many."""
    for each in conjuncts:
        if isinstance(each, dict) and ("enum" in each or "const" in each):
            return _labels(each)
    return None


def _of_values(values: Sequence[Any], first: Sequence[Schema], second: Schema, path: Path) -> Iterator[Excess]:
    refused = [value for value in values if all(_may_accept(each, value) for each in first)]
    refused = [value for value in refused if not _accepts(second, value)]
    nulls = [value for value in refused if value is None]
    others = [value for value in refused if value is not None]
    if nulls:
        yield Excess(path, "type", ("null",), second.get("type") if isinstance(second, dict) else None)
    if others:
        yield Excess(path, "enum", tuple(map(repr, others)), None)


def _accepts(schema: Schema, value: Any) -> bool:
    """Whether the schema certainly takes the value."""
    try:
        return bool(Recognizers(Effort()).of(_asserting(schema)).accepts(value))
    except KeyError:
        return False


def _may_accept(schema: Schema, value: Any) -> bool:
    try:
        recognizer = Recognizers(Effort()).of(_asserting(schema))
        return not recognizer.exact or bool(recognizer.accepts(value))
    except KeyError:
        return True


def _types_of(conjuncts: Sequence[Schema]) -> list[str]:
    return [kind for kind in TYPES if all(each is True or _may_be(each, kind) for each in conjuncts)]


def _may_be(schema: Schema, kind: str) -> bool:
    """Whether `type` lets a value of a type through."""
    if isinstance(schema, bool):
        return schema
    types = schema.get("type")
    if types is None:
        return True
    named = {types} if isinstance(types, str) else set(types)
    return kind in named or ("number" in named and kind in ("integer", "fraction"))


def _asserting(schema: Schema) -> Schema:
    """The schema without what only describes it."""
    if not isinstance(schema, dict) or _ANNOTATIONS.isdisjoint(schema):
        return schema
    return {name: value for name, value in schema.items() if name not in _ANNOTATIONS}


def _same(one: Any, other: Any) -> bool:
    """Whether two schemas are one JSON; Python takes 1 for True, and JSON does not."""
    if isinstance(one, dict):
        return (
            isinstance(other, dict)
            and len(one) == len(other)
            and all(name in other and _same(value, other[name]) for name, value in one.items())
        )
    if isinstance(one, list):
        return isinstance(other, list) and len(one) == len(other) and all(map(_same, one, other))
    return type(one) is type(other) and bool(one == other)
