"""A JSON document in pieces: the text of each, and the rules of those who may read it.

The whole is what the pieces make when they are joined; a reader of the file may leave out pieces, and groups of which
nothing is left, without parsing any of it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import orjson

from handler.contract import exact_json
from handler.contract.openapi_index import ANYONE, Audience


@dataclass(frozen=True, slots=True)
class Piece:
    """One member of an object or element of an array, as JSON."""

    text: bytes
    audience: Audience = ANYONE


@dataclass(frozen=True, slots=True)
class Group:
    """Members between an opening and a closing text."""

    opening: bytes
    members: list["Piece | Group"]
    closing: bytes
    stays: bool = True
    """It is there without members too."""


@dataclass(slots=True)
class Layout:
    """The text of a document, and the places of its pieces in it."""

    text: bytearray = field(default_factory=bytearray)
    audiences: dict[Audience, int] = field(default_factory=dict)

    def place(self, part: Piece | Group) -> list[Any]:
        """Append a part to the text; return its entry for the index, as handler.contract.openapi_index describes it."""
        if isinstance(part, Piece):
            audience = self.audiences.setdefault(part.audience, len(self.audiences))
            return [*self._add(part.text), audience]
        opening = self._add(part.opening)
        members = []
        for number, member in enumerate(part.members):
            if number:
                self._add(b",\n")
            members.append(self.place(member))
        return [opening, members, self._add(part.closing), part.stays]

    def _add(self, text: bytes) -> tuple[int, int]:
        start = len(self.text)
        self.text += text
        return start, len(text)


def member(name: str, value: Any, audience: Audience = ANYONE) -> Piece:
    """Return `"name":value` as a piece."""
    return Piece(orjson.dumps(name) + b":" + json_of(value), audience)


def members(values: dict[str, Any]) -> Iterator[Piece]:
    """Yield the members of an object as pieces for anyone."""
    for name, value in values.items():
        yield member(name, value)


def json_of(value: Any) -> bytes:
    """Return the JSON of a value; bounds of schemas may have more digits than orjson takes."""
    try:
        return orjson.dumps(value)
    except TypeError:
        return exact_json.dumps(exact_json.exact(value)).encode()
