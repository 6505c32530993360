"""The SQL of a compiled operation: stretches of text, and which of them a call needs.

NamedTuples and not dataclasses, of which each takes a millisecond of a cold start.
"""

from typing import Any, NamedTuple

from handler.contract.ordering import RANGE, Ordering

Codec = Any
"""The way from a JSON value to PostgreSQL's text form, as JSON:

`"scalar"`           string, number or boolean
`"json"`             any JSON, as a document
`"hstore"`           an object of strings and nulls
`"vector"`           a list of numbers, as int2vector and oidvector are written
`["array", element]` a list (nested lists for further dimensions); `["array", element, ";"]` names another delimiter
`["row", [[field, codec], …]]` an object; the fields are in the order of the composite type
"""


class Fragment(NamedTuple):
    """A stretch of SQL with AWS's `:name` placeholders."""

    sql: str
    placeholders: tuple[str, ...] = ()
    """The names of its placeholders, each once."""


class Choice(NamedTuple):
    """A stretch of SQL that depends on whether a parameter has a value in this call."""

    parameter: str
    present: Fragment
    absent: Fragment
    null_is_present: bool = False
    """NULL is a value here: the stretch depends on whether the call gives the parameter at all."""


class CommaList(NamedTuple):
    """Pieces with commas between those of them that a call needs, of which there is always one."""

    pieces: tuple[Fragment | Choice, ...]
    """One that is not needed is an empty fragment."""


Sql = tuple[Fragment | Choice | CommaList, ...]
"""A statement in the order of its fragments; each placeholder has its cast, and a row arrives as one text column."""


class Slot(NamedTuple):
    """The place of a stretch of SQL that depends on the order of a list's rows: a member of Ordering."""

    name: str
    before: str = ""
    """The text in front of it, where there is one."""


class Ranges(NamedTuple):
    """A query in parentheses, written once for each range of an order that a page may have rows of."""

    query: tuple[Fragment | Choice | CommaList | Slot, ...]
    """Its slot `range` is the condition to be within one."""
    opening: str
    """The text in front of several, which UNION ALL joins."""
    closing: tuple[Fragment | Choice | CommaList | Slot, ...]
    """The text behind several."""


ListSql = tuple[Fragment | Choice | CommaList | Slot | Ranges, ...]
"""A statement whose order is left open."""


def in_order(template: ListSql, order: Ordering) -> Sql:
    """Return a list's statement for an order of its rows."""
    return tuple([piece for written in template for piece in _in_order(written, order)])


def _in_order(piece: Fragment | Choice | CommaList | Slot | Ranges, order: Ordering) -> Sql:
    if isinstance(piece, Slot):
        text = getattr(order, piece.name)
        return (Fragment(f"{piece.before}{text}"),) if text else ()
    if not isinstance(piece, Ranges):
        return (piece,)
    several = len(order.ranges) > 1
    pieces: list[Fragment | Choice | CommaList] = [Fragment(piece.opening)] if several else []
    for number, range_ in enumerate(order.ranges):
        if number:
            pieces.append(Fragment(" UNION ALL "))
        for part in piece.query:
            if not isinstance(part, Slot):
                pieces.append(part)
            elif part.name != RANGE:
                pieces += _in_order(part, order)
            elif range_:
                pieces.append(Fragment(f"{part.before}{range_}", order.placeholders))
    if several:
        pieces += [each for part in piece.closing for each in _in_order(part, order)]
    return tuple(pieces)
