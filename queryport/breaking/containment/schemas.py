"""The terms in which two schemas are compared: the types of JSON, the keywords, and a difference as a value."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from handler.contract.patterns import Effort
from handler.contract.recognition import ANNOTATIONS, Recognizers

Schema = Any
Path = tuple[str, ...]

TYPES = ("null", "boolean", "integer", "fraction", "string", "array", "object")
"""The types of JSON, with `number` in two: whole ones, and those that are not."""


class Excess(NamedTuple):
    """A keyword by which a value of the first schema may be none of the second."""

    path: Path
    """The members on the way to the value; `[]` is an element of an array, `*` any member."""
    keyword: str
    has: Any = None
    """What the first says, of `type` and `enum` only what is too much."""
    allows: Any = None
    """What the second says."""


Compare = Callable[[Sequence[Schema], Schema, Path], Iterator[Excess]]
"""Yields what a conjunction of schemas takes and one more may not: the comparison, for what lies within a value."""


def accepts(schema: Schema, value: Any) -> bool:
    """Return whether the schema certainly takes the value."""
    try:
        return bool(Recognizers(Effort()).of(asserting(schema)).accepts(value))
    except KeyError:
        return False


def may_accept(schema: Schema, value: Any) -> bool:
    """Return whether the schema takes the value, as far as can be seen."""
    try:
        recognizer = Recognizers(Effort()).of(asserting(schema))
        return not recognizer.exact or bool(recognizer.accepts(value))
    except KeyError:
        return True


def types_of(conjuncts: Sequence[Schema]) -> list[str]:
    """Return the types of JSON that every one of the schemas lets through."""
    return [kind for kind in TYPES if all(each is True or may_be(each, kind) for each in conjuncts)]


def may_be(schema: Schema, kind: str) -> bool:
    """Return whether `type` lets a value of a type through."""
    if isinstance(schema, bool):
        return schema
    types = schema.get("type")
    if types is None:
        return True
    named = {types} if isinstance(types, str) else set(types)
    return kind in named or ("number" in named and kind in ("integer", "fraction"))


def asserting(schema: Schema) -> Schema:
    """Return the schema without what only describes it."""
    if not isinstance(schema, dict) or ANNOTATIONS.isdisjoint(schema):
        return schema
    return {name: value for name, value in schema.items() if name not in ANNOTATIONS}


def same(one: Any, other: Any) -> bool:
    """Return whether two schemas are one JSON; Python takes 1 for True, and JSON does not."""
    if isinstance(one, dict):
        return (
            isinstance(other, dict)
            and len(one) == len(other)
            and all(name in other and same(value, other[name]) for name, value in one.items())
        )
    if isinstance(one, list):
        return isinstance(other, list) and len(one) == len(other) and all(map(same, one, other))
    return type(one) is type(other) and bool(one == other)


def at_least(first: Sequence[Schema], second: Mapping[str, Any], keyword: str, path: Path) -> Iterator[Excess]:
    """Yield the lower bound that the second has and the first does not keep to."""
    said = [each[keyword] for each in first if isinstance(each, dict) and keyword in each]
    if keyword in second and max(said, default=0) < second[keyword]:
        yield Excess(path, keyword, max(said, default=None), second[keyword])


def at_most(first: Sequence[Schema], second: Mapping[str, Any], keyword: str, path: Path) -> Iterator[Excess]:
    """Yield the upper bound that the second has and the first does not keep to."""
    said = [each[keyword] for each in first if isinstance(each, dict) and keyword in each]
    if keyword in second and (not said or min(said) > second[keyword]):
        yield Excess(path, keyword, min(said, default=None), second[keyword])
