"""The order of a list's rows as SQL, put together of the pieces that the compiler made of its keys.

An order is a sequence of keys, each going up or down, the last of which tell all rows apart. Nothing of a caller's gets
into the text but the choice of the keys. NULLs stand where PostgreSQL puts them, last going up and first going down, so
that one index serves both ways.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

DESCENDING = "-"
"""In front of a key's name: `-placed_at`."""


class Key(NamedTuple):
    """An output column that rows can be ordered by, as pieces of SQL."""

    name: str
    column: str
    text: str
    """The column's value as the text of its PostgreSQL type."""
    value: str
    """The value of the row that a page begins behind, from the placeholder."""
    placeholder: str
    nullable: bool


class Term(NamedTuple):
    """A key in an order."""

    key: Key
    descending: bool

    @property
    def name(self) -> str:
        return f"{DESCENDING}{self.key.name}" if self.descending else self.key.name


Order = tuple[Term, ...]


class Ordering(NamedTuple):
    """The stretches of a statement that depend on the order of its rows; see handler.contract.operation.Slot."""

    keys: str = ""
    behind: str = ""
    order: str = ""
    placeholders: tuple[str, ...] = ()


def order_of(keys: Mapping[str, Key], names: Sequence[str]) -> Order:
    """Return the order of names such as `-placed_at`, each of which is a key's."""
    return tuple([Term(keys[name.removeprefix(DESCENDING)], name.startswith(DESCENDING)) for name in names])


def completed(sort: Sequence[str], ties: Sequence[str]) -> tuple[str, ...]:
    """Append the keys that tell rows apart to those that a caller sorts by, in the direction of the last."""
    named = {name.removeprefix(DESCENDING) for name in sort}
    down = DESCENDING if sort[-1].startswith(DESCENDING) else ""
    return (*sort, *[f"{down}{name}" for name in ties if name not in named])


def ordering(order: Order, after: Sequence[str | None] | None = None) -> Ordering:
    """Write an order, and the condition to stand in it behind the row with the values `after`, if there is one."""
    directions = [f"{term.key.column}{' DESC' if term.descending else ''}" for term in order]
    return Ordering(
        ", ".join([term.key.text for term in order]),
        "" if after is None else _behind(order, [value is None for value in after]),
        f" ORDER BY {', '.join(directions)}",
        () if after is None else tuple([term.key.placeholder for term in order]),
    )


def _behind(order: Order, nulls: Sequence[bool]) -> str:
    """Write the condition; `nulls` says which values of the row are NULL."""
    descending = order[0].descending
    # Going down, NULLs come before every value, and a row comparison leaves them out as it should.
    nulls_follow = not descending and any(term.key.nullable for term in order)
    if all(term.descending == descending for term in order) and not any(nulls) and not nulls_follow:
        columns = ", ".join([term.key.column for term in order])
        values = ", ".join([term.key.value for term in order])
        return f"({columns}) {'<' if descending else '>'} ({values})"
    condition = _one_after_the_other(order, nulls)
    first = order[0].key
    if nulls[0] or (first.nullable and not descending):
        return condition
    # Says nothing new, but lets an index begin at the row: PostgreSQL does not find it in what OR joins.
    return f"{first.column} {'<=' if descending else '>='} {first.value} AND {condition}"


def _one_after_the_other(order: Order, nulls: Sequence[bool]) -> str:
    term, is_null = order[0], nulls[0]
    after = _after(term, is_null=is_null)
    if len(order) == 1:
        return after or "false"
    same = f"{term.key.column} IS NULL" if is_null else f"{term.key.column} = {term.key.value}"
    rest = f"{same} AND {_one_after_the_other(order[1:], nulls[1:])}"
    return f"({after} OR ({rest}))" if after else f"({rest})"


def _after(term: Term, *, is_null: bool) -> str:
    """Write the condition to stand behind a value in one key; nothing where no row does."""
    key = term.key
    if is_null:
        return f"{key.column} IS NOT NULL" if term.descending else ""
    if term.descending:
        return f"{key.column} < {key.value}"
    behind = f"{key.column} > {key.value}"
    return f"({behind} OR {key.column} IS NULL)" if key.nullable else behind
