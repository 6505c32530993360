"""The order of a list's rows as SQL, put together of the pieces that the compiler made of its keys.

An order is a sequence of keys, each going up or down, the last of which tell all rows apart. Nothing of a caller's gets
into the text but the choice of the keys. NULLs stand where PostgreSQL puts them, last going up and first going down, so
that one index serves both ways.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

DESCENDING = "-"
"""In front of a key's name: `-placed_at`."""

RANGE = "range"
"""The slot of a condition to be within one range of an order."""

_DEEPEST = 2
"""The keys by whose ties an order falls into ranges. Few rows tie in more of them."""


class OrderKey(NamedTuple):
    """An output column that rows can be ordered by, as pieces of SQL."""

    name: str
    column: str
    text: str
    """The column's value as the text of its PostgreSQL type."""
    value: str
    """The value of the row that a page begins behind, from the placeholder."""
    placeholder: str
    nullable: bool
    cast: str = ""
    """The cast of the column in comparisons: to an enum's type, for the column may be of a domain over the enum."""

    @property
    def compared(self) -> str:
        return f"{self.column}{self.cast}"


class Term(NamedTuple):
    """A key in an order."""

    key: OrderKey
    descending: bool

    @property
    def name(self) -> str:
        return f"{DESCENDING}{self.key.name}" if self.descending else self.key.name


Order = tuple[Term, ...]


class Ordering(NamedTuple):
    """The stretches of a statement that depend on the order of its rows; see handler.contract.sql.Slot."""

    keys: str = ""
    order: str = ""
    ranges: tuple[str, ...] = ("",)
    """Conditions for the rows behind the one that a page begins behind, each for rows in one piece of an index."""
    placeholders: tuple[str, ...] = ()
    """Of the ranges."""


def order_of(keys: Mapping[str, OrderKey], names: Sequence[str]) -> Order:
    """Return the order of names such as `-placed_at`, each of which is a key's."""
    return tuple([Term(keys[name.removeprefix(DESCENDING)], name.startswith(DESCENDING)) for name in names])


def completed(sort: Sequence[str], ties: Sequence[str]) -> tuple[str, ...]:
    """Append the keys that tell rows apart to those that a caller sorts by, in the direction of the last."""
    named = {name.removeprefix(DESCENDING) for name in sort}
    down = DESCENDING if sort[-1].startswith(DESCENDING) else ""
    return (*sort, *[f"{down}{name}" for name in ties if name not in named])


def ordering(order: Order, after: Sequence[str | None] | None = None) -> Ordering:
    """Write an order, and the conditions to stand in it behind the row with the values `after`, if there is one."""
    directions = [f"{term.key.column}{' DESC' if term.descending else ''}" for term in order]
    keys, order_by = ", ".join([term.key.text for term in order]), f" ORDER BY {', '.join(directions)}"
    if after is None:
        return Ordering(keys, order_by)
    ranges = _ranges(order, [value is None for value in after], 0)
    compared = [term.key.placeholder for term, value in zip(order, after, strict=True) if value is not None]
    return Ordering(keys, order_by, tuple(ranges or ["false"]), tuple(compared))


def _ranges(order: Order, nulls: Sequence[bool], depth: int) -> list[str]:
    """Write a condition for each range of rows behind the one whose values are NULL where `nulls` says so.

    One condition would do, but PostgreSQL finds no place in an index by what OR joins: it would go through all rows
    from the beginning of the list. As ranges of their own, the rows of a page are read and no others.
    """
    first, *others = order
    ascending = not first.descending
    nulls_follow = ascending and first.key.nullable and not nulls[0]
    last = [f"{first.key.column} IS NULL"] if nulls_follow else []
    if _is_row_comparison(order, nulls):
        columns = ", ".join([term.key.compared for term in order])
        values = ", ".join([term.key.value for term in order])
        return [f"({columns}) {'>' if ascending else '<'} ({values})", *last]
    behind = []
    if others:
        same = f"{first.key.column} IS NULL" if nulls[0] else f"{first.key.compared} = {first.key.value}"
        rest = _ranges(tuple(others), nulls[1:], depth + 1)
        if len(rest) > 1 and depth + 1 >= _DEEPEST:
            rest = [f"({' OR '.join([f'({condition})' for condition in rest])})"]
        behind = [f"{same} AND {condition}" for condition in rest]
    if not nulls[0]:
        behind.append(f"{first.key.compared} {'>' if ascending else '<'} {first.key.value}")
    elif not ascending:
        behind.append(f"{first.key.column} IS NOT NULL")
    return [*behind, *last]


def _is_row_comparison(order: Order, nulls: Sequence[bool]) -> bool:
    """Whether one comparison of rows finds all that is behind, but for the NULLs of the first key.

    A comparison is not true of NULLs, which going up would come behind, and going down have come before.
    """
    first, *others = order
    one_way = all(term.descending == first.descending for term in others)
    return one_way and not any(nulls) and (first.descending or not any(term.key.nullable for term in others))
