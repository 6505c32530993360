"""A statement while it is composed: pieces of text, some of which depend on whether a parameter has a value.

What is composed becomes the contract's Sql, whose placeholders are those that the RDS Data API will find.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from handler.contract.operation import Choice, Fragment, Sql
from queryport.aws import placeholders


@dataclass(frozen=True, slots=True)
class Alternative:
    """A piece that depends on whether a parameter has a value in a call."""

    parameter: str
    present: str
    absent: str


Pieces = tuple[str | Alternative, ...]


def joined(pieces: Iterable[str | Alternative]) -> Pieces:
    """Join neighbouring texts."""
    result: list[str | Alternative] = []
    for piece in pieces:
        if isinstance(piece, str) and result and isinstance(result[-1], str):
            result[-1] += piece
        elif piece != "":
            result.append(piece)
    return tuple(result)


def sql_of(pieces: Pieces) -> Sql:
    """Note the placeholders of each piece."""
    return tuple(
        _fragment(piece)
        if isinstance(piece, str)
        else Choice(piece.parameter, _fragment(piece.present), _fragment(piece.absent))
        for piece in pieces
    )


def whole_text(sql: Sql, *, present: bool) -> str:
    """The statement of a call that gives every parameter, or of one that gives none that it may leave out."""
    fragments = [
        piece if isinstance(piece, Fragment) else (piece.present if present else piece.absent) for piece in sql
    ]
    return "".join(fragment.sql for fragment in fragments)


def _fragment(sql: str) -> Fragment:
    return Fragment(sql, tuple(dict.fromkeys(place.name for place in placeholders.scan(sql).placeholders)))
