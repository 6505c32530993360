"""The values of a row's JSON object as they stand in its text: every digit kept, nested ones whole.

Reads what PostgreSQL wrote, which is known to be JSON; a value may be nested deeper than any parser goes.
"""

import re
from collections.abc import Iterator

import orjson

STRING = r'"(?:[^"\\]++|\\.)*+"'
"""The pattern of a JSON string."""
_SCALAR = re.compile(rf'\s*+(?:{STRING}|[^"\[\]{{}},\s]++)\s*+')
_SPACE = re.compile(r"\s*")
_BRACKETS = re.compile(rf"{STRING}|[\[\]{{}}]")
_NAME = re.compile(f"{STRING}:")
_OPENING = frozenset("[{")
_CLOSING = frozenset("]}")


def member_values(row: str) -> list[str]:
    """Return the JSON texts of the values of an object's members, in their order."""
    return [value for _, value in _members(row)]


def member_names(row: str) -> list[str]:
    """Return the names of an object's members, in their order."""
    return [orjson.loads(name) for name, _ in _members(row)]


def scalar_text(value: str) -> str | None:
    """Return the text of a JSON string, number or boolean; None of null."""
    if value.startswith('"'):
        text: str = orjson.loads(value)
        return text
    return None if value == "null" else value


def _members(row: str) -> Iterator[tuple[str, str]]:
    """The JSON texts of the names and values."""
    at = 1
    while name := _NAME.match(row, at):
        end = _end(row, name.end())
        yield name[0][:-1], row[name.end() : end].strip()
        at = end + 1  # a comma, or the end


def _end(row: str, start: int) -> int:
    """The place behind the value that begins at `start`."""
    scalar = _SCALAR.match(row, start)
    if scalar:
        return scalar.end()
    depth = 0
    for token in _BRACKETS.finditer(row, start):
        if token[0] in _OPENING:
            depth += 1
        elif token[0] in _CLOSING:
            depth -= 1
            if not depth:
                following = _SPACE.match(row, token.end())
                return following.end() if following else token.end()
    raise ValueError("expected a row that is a JSON object")
