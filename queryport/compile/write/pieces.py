"""A statement while it is composed: pieces of text, some of which depend on whether a parameter has a value.

The result is the contract's Sql, with the placeholders that the RDS Data API will find.
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from handler.contract.sql import Choice, CommaList, Fragment, Sql
from queryport.aws import placeholders


class Alternative(NamedTuple):
    """A piece that depends on whether a parameter has a value in a call."""

    parameter: str
    present: str
    absent: str
    null_is_present: bool = False
    """It depends on whether the call gives the parameter, be it NULL."""


class Listed(NamedTuple):
    """Pieces with commas between those that a call needs."""

    pieces: tuple[str | Alternative, ...]


Pieces = tuple[str | Alternative | Listed, ...]


def joined(pieces: Iterable[str | Alternative | Listed]) -> Pieces:
    """Join neighbouring texts."""
    result: list[str | Alternative | Listed] = []
    for piece in pieces:
        if isinstance(piece, str) and result and isinstance(result[-1], str):
            result[-1] += piece
        elif piece != "":
            result.append(piece)
    return tuple(result)


def sql_of(pieces: Pieces) -> Sql:
    """Note the placeholders of each piece."""
    return tuple(
        CommaList(tuple(map(_piece, piece.pieces))) if isinstance(piece, Listed) else _piece(piece) for piece in pieces
    )


def whole_text(sql: Sql, *, present: bool) -> str:
    """The statement of a call that gives every parameter, or only those that it must give."""
    return _text(sql, lambda _: present)


def variants(sql: Sql) -> tuple[str, ...]:
    """Return the statement of calls that give all parameters, none, each that they may patch alone, and all but it."""
    parts = (part for piece in sql for part in (piece.pieces if isinstance(piece, CommaList) else (piece,)))
    names = dict.fromkeys(part.parameter for part in parts if isinstance(part, Choice) and part.null_is_present)
    texts = [whole_text(sql, present=True), whole_text(sql, present=False)]
    for name in names:
        texts.append(_text(sql, lambda choice, name=name: choice.parameter == name))  # type: ignore[misc]  # bound early
        texts.append(_text(sql, lambda choice, name=name: choice.parameter != name))  # type: ignore[misc]  # as above
    return tuple(dict.fromkeys(texts))


def _text(sql: Sql, is_present: Callable[[Choice], bool]) -> str:
    def chosen(piece: Fragment | Choice) -> str:
        if isinstance(piece, Fragment):
            return piece.sql
        return piece.present.sql if is_present(piece) else piece.absent.sql

    texts = []
    for piece in sql:
        if isinstance(piece, CommaList):
            needed = [text for part in piece.pieces if (text := chosen(part))]
            texts.append(", ".join(needed or [_first(piece)]))  # no call does without all of them
        else:
            texts.append(chosen(piece))
    return "".join(texts)


def _first(pieces: CommaList) -> str:
    first = pieces.pieces[0]
    return first.sql if isinstance(first, Fragment) else first.present.sql


def _piece(piece: str | Alternative) -> Fragment | Choice:
    if isinstance(piece, str):
        return _fragment(piece)
    return Choice(piece.parameter, _fragment(piece.present), _fragment(piece.absent), piece.null_is_present)


def _fragment(sql: str) -> Fragment:
    return Fragment(sql, tuple(dict.fromkeys(place.name for place in placeholders.scan(sql).placeholders)))
