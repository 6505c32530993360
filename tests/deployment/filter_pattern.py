"""CloudWatch Logs' filter patterns for JSON, as far as template.yaml uses them.

Comparisons of a member with a text (`*` stands for any characters) or a number, joined by && and ||. A member that
is not there matches nothing, not even `!=`. Source: "Filter pattern syntax for metric filters" in CloudWatch Logs'
User Guide.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

_TOKEN = re.compile(r'\s*(&&|\|\||!=|=|[()]|\$(?:\.\w+)+|"[^"]*"|-?\d+(?:\.\d+)?)')
_MISSING = object()


def matches(pattern: str, line: str) -> bool:
    """Whether a pattern selects a line of a log. Raises ValueError where it is not of this grammar."""
    braced = re.fullmatch(r"\{(.*)\}", pattern.strip(), re.DOTALL)
    if not braced:
        raise ValueError(f"no pattern for JSON: {pattern}")
    tokens = list(_tokens(braced[1]))
    found = _either(tokens, json.loads(line))
    if tokens:
        raise ValueError(f"not understood from {tokens[0]} on: {pattern}")
    return found


def _tokens(text: str) -> Iterator[str]:
    place = 0
    while text[place:].strip():
        token = _TOKEN.match(text, place)
        if not token:
            raise ValueError(f"not understood: {text[place:]}")
        yield token[1]
        place = token.end()


def _either(tokens: list[str], line: Any) -> bool:
    found = _both(tokens, line)
    while tokens and tokens[0] == "||":
        tokens.pop(0)
        found |= _both(tokens, line)
    return found


def _both(tokens: list[str], line: Any) -> bool:
    found = _one(tokens, line)
    while tokens and tokens[0] == "&&":
        tokens.pop(0)
        found &= _one(tokens, line)
    return found


def _one(tokens: list[str], line: Any) -> bool:
    first = tokens.pop(0)
    if first == "(":
        found = _either(tokens, line)
        if tokens.pop(0) != ")":
            raise ValueError("a parenthesis is not closed")
        return found
    member = line
    for name in first.split(".")[1:]:
        member = member.get(name, _MISSING) if isinstance(member, dict) else _MISSING
    operator, literal = tokens.pop(0), tokens.pop(0)
    if member is _MISSING:
        return False
    return (_equal(member, literal)) == (operator == "=")


def _equal(member: Any, literal: str) -> bool:
    if not literal.startswith('"'):
        return isinstance(member, int | float) and float(literal) == member
    wanted = ".*".join(re.escape(part) for part in literal.strip('"').split("*"))
    return isinstance(member, str) and re.fullmatch(wanted, member, re.DOTALL) is not None
