"""What a difference between two schemas means for callers, in words."""

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
            return name, f"{where} cannot be {_list(found.has)} any more", "take the values that it took"
    had = f", and had `{found.has}`" if found.has is not None else ", and had none"
    return name, f"{where} has `{found.keyword}: {_short(found.allows)}` now{had}", "take the values that it took"


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
                f"{where} may be {_list(found.has)} now",
                "map it to what callers know, or tell them first",
            )
    has = f", and is `{_short(found.has)}`" if found.has is not None else ", and is none now"
    return column, f"`{found.keyword}` of {where} was `{_short(found.allows)}`{has}", "keep the type that it had"


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


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 80 else f"{text[:77]}…"
