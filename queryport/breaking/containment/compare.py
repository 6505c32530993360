"""The comparison of two schemas: a conjunction of schemas, type by type, with one more.

A branch of the second may be another one for each type of JSON, or for each branch of the first.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from handler.contract.recognition import KEYWORDS
from queryport.breaking.containment.arrays import arrays
from queryport.breaking.containment.numbers import exact_numbers, numbers
from queryport.breaking.containment.objects import objects
from queryport.breaking.containment.schemas import (
    Excess,
    Path,
    Schema,
    accepts,
    asserting,
    may_accept,
    may_be,
    same,
    types_of,
)
from queryport.breaking.containment.strings import strings

_DEEPEST = 60


def excess(first: Schema, second: Schema) -> list[Excess]:
    """Return what the first schema takes and the second may not; nothing if the second takes all of it."""
    if same(first, second):
        return []
    found: list[Excess] = []
    for each in _excess([exact_numbers(first)], exact_numbers(second), (), 0):
        if each not in found:
            found.append(each)
    return found


def _excess(first: Sequence[Schema], second: Schema, path: Path, depth: int) -> Iterator[Excess]:
    """The same of a conjunction: every schema of `first` holds."""
    second = asserting(second)
    if second is True or not (second is False or second) or any(each is False for each in first):
        return
    if any(same(asserting(each), second) for each in first):
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
    types = types_of(first)
    too_many = [kind for kind in types if not may_be(second, kind)]
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
    if not may_be(second, kind):
        yield Excess(path, "type", (kind,), second.get("type"))
        return
    yield from _of_any_type(first, second, kind, path, depth)
    compare = partial(_excess, depth=depth + 1)
    if kind in ("integer", "fraction"):
        yield from numbers(first, second, path, whole=kind == "integer")
    elif kind == "string":
        yield from strings(first, second, path)
    elif kind == "array":
        yield from arrays(first, second, path, compare)
    elif kind == "object":
        yield from objects(first, second, path, compare)


def _of_any_type(
    first: Sequence[Schema], second: Mapping[str, Any], kind: str, path: Path, depth: int
) -> Iterator[Excess]:
    """Compare the keywords that values of every type have to satisfy."""
    for keyword in second.keys() - KEYWORDS:
        if not any(isinstance(each, dict) and each.get(keyword) == second[keyword] for each in first):
            yield Excess(path, keyword, None, second[keyword])
    if "enum" in second or "const" in second:
        yield from _into_enum(kind, second, path)
    for each in second.get("allOf", ()):
        yield from _of_type(first, asserting(each), kind, path, depth + 1)
    for keyword in ("anyOf", "oneOf"):
        if keyword in second:
            yield from _into_branches(first, second, keyword, kind, path, depth)
    if "not" in second and not _excludes(first, second["not"], kind):
        yield Excess(path, "not", None, second["not"])


def _into_enum(kind: str, second: Mapping[str, Any], path: Path) -> Iterator[Excess]:
    """An infinite type cannot fit into an enum; the two that are finite may."""
    values: Sequence[Any] = {"null": (None,), "boolean": (False, True)}.get(kind, ())
    fits = bool(values) and all(accepts({"enum": _labels(second)}, value) for value in values)
    if not fits:
        yield Excess(path, "enum", None, tuple(_labels(second)))


def _labels(schema: Mapping[str, Any]) -> list[Any]:
    labels = list(schema.get("enum", ())) if "enum" in schema else [schema["const"]]
    return [label for label in labels if "const" not in schema or label == schema["const"]]


def _into_branches(
    first: Sequence[Schema], second: Mapping[str, Any], keyword: str, kind: str, path: Path, depth: int
) -> Iterator[Excess]:
    branches = [asserting(branch) for branch in second[keyword]]
    possible = [branch for branch in branches if branch is not False and may_be(branch, kind)]
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
    if refused is False or (isinstance(refused, dict) and not may_be(refused, kind)):
        return True
    return any(isinstance(each, dict) and each.get("not") == refused for each in first)


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
    refused = [value for value in values if all(may_accept(each, value) for each in first)]
    refused = [value for value in refused if not accepts(second, value)]
    nulls = [value for value in refused if value is None]
    others = [value for value in refused if value is not None]
    if nulls:
        yield Excess(path, "type", ("null",), second.get("type") if isinstance(second, dict) else None)
    if others:
        yield Excess(path, "enum", tuple(others), None)
