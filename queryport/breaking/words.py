"""Says in words what a difference between two schemas means for callers."""

import json
from typing import Any

from queryport.breaking.containment import Excess

_NAMES = {"fraction": "a number", "integer": "a whole number", "array": "an array", "object": "an object"}


def of_input(found: Excess) -> tuple[str, str, str]:
    """Return the parameter, the message and the cure of values that were taken and are not."""
    name = found.path[0] if found.path else ""
    where = f"`{_path(found.path)}`" if found.path else "the object of parameters"
    match found.keyword:
        case "required":
            return name, f"{where} is required now", "let it be optional, or give it a default"
        case "additionalProperties":
            return name, f"{where} is not known any more", "take it still, if only to ignore it"
        case "type" if found.has == ("null",):
            return name, f"{where} cannot be null any more", "write `nullable: true`"
        case "type":
            return name, f"{where} cannot be {_types(found.has)} any more", "keep the type that it had"
        case "enum" if found.has is not None:
            return name, f"{where} cannot be {_labels(found.has)} any more", "take the values that it took"
        case "enum":
            return name, f"{where} can only be {_labels(found.allows)} now", "take the values that it took"
    had = f", and had `{value_text(found.has)}`" if found.has is not None else ", and had none"
    now = f"`{found.keyword}: {value_text(found.allows)}`" if found.allows is not None else f"another `{found.keyword}`"
    return name, f"{where} has {now} now{had}", "take the values that it took"


def of_output(found: Excess) -> tuple[str, str, str]:
    """Return the column, the message and the cure of values that are answered and were not."""
    column, where = column_of(found.path)
    match found.keyword:
        case "required" if found.has:
            return column, f"{where} may be missing now", "always answer it"
        case "required":
            return column, f"the column {where} is gone", f"select it again: `… AS {column}`"
        case "type" if found.has == ("null",):
            return column, f"{where} may be null now", "let PostgreSQL see that it is not: `coalesce`, or NOT NULL"
        case "type":
            return column, f"{where} may be {_types(found.has)} now", "cast it to the type that it had"
        case "enum" if found.has is not None:
            return (
                column,
                f"{where} may be {_labels(found.has)} now",
                "map it to what callers know, or tell them first",
            )
        case "enum":
            return column, f"{where} may be more now than {_labels(found.allows)}", "keep the type that it had"
    has = f", and is `{value_text(found.has)}`" if found.has is not None else ", and is none now"
    was = f" was `{value_text(found.allows)}`" if found.allows is not None else " was another"
    return column, f"`{found.keyword}` of {where}{was}{has}", "keep the type that it had"


def column_of(path: tuple[str, ...]) -> tuple[str, str]:
    """Return the column that a path into `data` leads to, empty for all of it, and the path in words."""
    path = path[1:] if path[:1] == ("[]",) else path
    return (path[0], f"`{_path(path)}`") if path else ("", "`data`")


def opened(schema: Any) -> Any:
    """Return the schema that also takes objects with further members: one more column breaks nothing."""
    if isinstance(schema, dict):
        left = {name: value if name in _VALUES else opened(value) for name, value in schema.items()}
        if "properties" in left and left.get("additionalProperties") is False:
            del left["additionalProperties"]
        return left
    return [opened(value) for value in schema] if isinstance(schema, list) else schema


_VALUES = frozenset({"enum", "const", "default", "type", "required"})


def _path(path: tuple[str, ...]) -> str:
    return "".join(step if step == "[]" or number == 0 else f".{step}" for number, step in enumerate(path))


def _types(kinds: tuple[str, ...]) -> str:
    named = [_NAMES.get(kind, kind if kind == "null" else f"a {kind}") for kind in kinds]
    return _list(tuple(dict.fromkeys(named)))


def _list(values: tuple[Any, ...]) -> str:
    return " or ".join(str(value) for value in values)


def _labels(values: tuple[Any, ...]) -> str:
    told = [value_text(value) for value in values[:_MOST_LABELS]]
    more = len(values) - len(told)
    return _list((*told, f"one of {more} more") if more else tuple(told))


_MOST_LABELS = 10


def value_text(value: Any) -> str:
    """Return a value of a schema as it stands in one, JSON, shortened where it is long; a text has no quotes."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 80 else f"{text[:79]}…"
