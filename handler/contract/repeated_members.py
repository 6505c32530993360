"""Finds the member that an object of a JSON text has twice. Imported when a text is refused for it."""

import json
from collections import Counter
from typing import Any

from handler.contract.pointer import pointer


class _Members(list[tuple[str, Any]]):
    """The members of an object as they stand in the text."""


class _Repeating(_Members):
    """Those of an object that has a member twice."""


def pointer_of_first(text: str) -> str:
    """Return the pointer of the first member that stands twice; only its name if the text is broken behind it."""
    found: list[str] = []

    def members(pairs: list[tuple[str, Any]]) -> _Members:
        if len(dict(pairs)) == len(pairs):
            return _Members(pairs)
        if not found:
            found.append(_repeated(pairs))
        return _Repeating(pairs)

    try:
        value = json.JSONDecoder(object_pairs_hook=members, parse_float=str, parse_int=str).decode(text)
    except (json.JSONDecodeError, RecursionError):
        return pointer(found)
    pending: list[tuple[tuple[str | int, ...], Any]] = [((), value)]
    while True:
        path, item = pending.pop()
        if type(item) is _Repeating:
            return pointer((*path, _repeated(item)))
        if type(item) is _Members:
            pending += [((*path, name), member) for name, member in reversed(item) if isinstance(member, list)]
        else:
            inner = [(index, element) for index, element in enumerate(item) if isinstance(element, list)]
            pending += [((*path, index), element) for index, element in reversed(inner)]


def _repeated(members: list[tuple[str, Any]]) -> str:
    return next(name for name, times in Counter(name for name, _ in members).items() if times > 1)
