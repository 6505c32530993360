"""PostgreSQL's types beside their JSON Schemas: whether the same JSON stands for the same value still.

A schema tells which JSON is taken and answered. It does not tell a `numeric` from a `double precision`, which rounds
it, or a text from one that PostgreSQL reads in its own way.
"""

from collections.abc import Iterator
from typing import Any

from queryport.breaking.containment.schemas import Path

_WHOLE = ("smallint", "integer", "bigint")
_TEXTS = ("text", "character varying", "citext")
_TAKE_ANY = (*_TEXTS, "json", "jsonb")
"""Types that leave a value as it was sent."""
_BUILT_IN = frozenset(
    {
        *(*_WHOLE, "numeric", "real", "double precision", "boolean", *_TEXTS, "bpchar", "character", "name"),
        *("uuid", "bytea", "json", "jsonb", "date", "timestamp without time zone", "timestamp with time zone"),
        *("time without time zone", "time with time zone"),
    }
)
"""Types whose schemas tell all that they take."""

_GROUPS = (
    frozenset(_TEXTS),
    frozenset({*_WHOLE, "numeric"}),  # the schema has the bounds
    frozenset({"json", "jsonb"}),
    frozenset({'"bit"', "bit varying"}),
)
"""Types of which a value is written alike."""

_EXACT = frozenset(
    {
        *(("smallint", each) for each in ("real", "double precision")),
        ("integer", "double precision"),
        *(("real", each) for each in ("double precision", "numeric")),
        ("double precision", "numeric"),
    }
)
"""Types, each with another that holds every number of it."""


def is_built_in(name: str) -> bool:
    """Return whether a type, or that of an array's elements, is in every database."""
    return name.rstrip("[]") in _BUILT_IN


def input_kept(before: str, after: str, schema: Any) -> bool:
    """Return whether each value sent for a parameter of one type is the same of another, where its schema takes it."""
    before, after = before.rstrip("[]"), after.rstrip("[]")
    if _alike(before, after) or (after in _TAKE_ANY and before not in ("bytea", '"char"')):
        return True
    if after not in _BUILT_IN:  # a domain may refuse by its CHECK, a range or the like by what it can read
        return _tells_all(schema)
    return before not in _BUILT_IN or before == "name"


def output_kept(before: str, after: str, was: Any, now: Any) -> bool:
    """Return whether the values of a column of one type, where their schema is contained, mean what they did."""
    before, after = before.rstrip("[]"), after.rstrip("[]")
    if _alike(before, after) or before in ("json", "jsonb") or (after == "name" and before in _TEXTS):
        return True
    if before in _BUILT_IN and after in _BUILT_IN:
        return before == "name" and after in _TEXTS
    return _tells_all(now) or not (_is_text(was) and _is_text(now))


def _alike(before: str, after: str) -> bool:
    return before == after or (before, after) in _EXACT or any({before, after} <= group for group in _GROUPS)


def _tells_all(schema: Any) -> bool:
    """Whether the schema is that of an enum or a composite type, which have their labels and fields there."""
    if not isinstance(schema, dict):
        return False
    if "enum" in schema or "properties" in schema or isinstance(schema.get("additionalProperties"), dict):
        return True
    return any(_tells_all(each) for each in (schema.get("items"), *schema.get("anyOf", ())))


def _is_text(schema: Any) -> bool:
    """Whether the values, or those in its arrays, are strings and nothing else."""
    if not isinstance(schema, dict):
        return False
    if "items" in schema:
        return _is_text(schema["items"])
    types = schema.get("type")
    if types is None:
        return any(_is_text(each) for each in schema.get("anyOf", ()))
    return {types} - {"null"} == {"string"} if isinstance(types, str) else {*types} - {"null"} == {"string"}


def reformed(was: Any, now: Any, path: Path = ()) -> Iterator[Path]:
    """Yield the paths of strings that had any form, and are of one format or pattern now."""
    if not (isinstance(was, dict) and isinstance(now, dict)):
        return
    if _is_free(was) and _is_text(now) and not _is_free(now) and "enum" not in now:
        yield path
    for name, each in was.get("properties", {}).items():
        yield from reformed(each, now.get("properties", {}).get(name), (*path, name))
    if "items" in was:
        yield from reformed(was["items"], now.get("items"), (*path, "[]"))
    branches, theirs = was.get("anyOf", ()), now.get("anyOf", ())
    for each, other in zip(branches, theirs, strict=False):
        yield from reformed(each, other, path)


def _is_free(schema: dict[str, Any]) -> bool:
    return "items" not in schema and _is_text(schema) and schema.keys().isdisjoint(_FORMS)


_FORMS = frozenset({"format", "pattern", "enum", "const", "anyOf"})
