"""Writes keyset paging around the author's query.

The wrap orders the rows, starts behind the cursor's row and asks for one row more than the page has. PostgreSQL pushes
both conditions into the query, so a page costs what its rows cost, however deep it lies.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from queryport.compile.check.pages import CURSOR, PagePlan
from queryport.compile.describe.database import Database
from queryport.compile.describe.text_forms import cast_of_text
from queryport.compile.write.pieces import Alternative, Pieces


@dataclass(frozen=True, slots=True)
class _Key:
    """A sort key as SQL."""

    column: str
    value: str
    """The value in the row that the page begins behind."""
    descending: bool
    nullable: bool


def page_clauses(database: Database, page: PagePlan, row: str, joined_by: str = "WHERE") -> Pieces:
    """Write WHERE, ORDER BY and LIMIT behind the wrapped query, whose rows are called `row`."""
    keys = [
        _Key(
            column_of(row, key.column),
            f"(:__key_{number}{cast_of_text(database, key.type_oid)})",
            key.descending,
            key.nullable,
        )
        for number, key in enumerate(page.keys, start=1)
    ]
    behind = Alternative(CURSOR, present=f" {joined_by} {_behind_cursor(keys)}", absent="")
    return (behind, f"{page_order(page, row)} LIMIT (:__limit::bigint)")


def page_order(page: PagePlan, row: str) -> str:
    """Write ORDER BY."""
    order = ", ".join(f"{column_of(row, key.column)}{' DESC' if key.descending else ''}" for key in page.keys)
    return f" ORDER BY {order}"


def column_of(row: str, name: str) -> str:
    """Write a column of a row by its quoted name."""
    return f'{row}."' + name.replace('"', '""') + '"'


def _behind_cursor(keys: Sequence[_Key]) -> str:
    if len({key.descending for key in keys}) == 1 and not any(key.nullable for key in keys):
        columns, values = ", ".join(key.column for key in keys), ", ".join(key.value for key in keys)
        return f"({columns}) {'<' if keys[0].descending else '>'} ({values})"
    arms = []
    for number, key in enumerate(keys):
        arms.append(" AND ".join([*map(_same, keys[:number]), _after(key)]))
    return "(" + " OR ".join(f"({arm})" for arm in arms) + ")"


def _same(key: _Key) -> str:
    return f"{key.column} {'IS NOT DISTINCT FROM' if key.nullable else '='} {key.value}"


def _after(key: _Key) -> str:
    """Write the condition to lie behind the cursor in one key; NULLs come last ascending and first descending."""
    if not key.nullable:
        return f"{key.column} {'<' if key.descending else '>'} {key.value}"
    if key.descending:
        return f"({key.column} < {key.value} OR ({key.value} IS NULL AND {key.column} IS NOT NULL))"
    return f"({key.column} > {key.value} OR ({key.column} IS NULL AND {key.value} IS NOT NULL))"
