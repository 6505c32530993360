"""Writes keyset paging around the author's query.

The wrap orders the rows, starts behind the cursor's row and asks for one row more than the page has. PostgreSQL pushes
both conditions into the query, so a page costs what its rows cost, however deep it lies.
"""

from collections.abc import Sequence

from queryport.compile.check.pages import CURSOR, PagePlan, SortKey
from queryport.compile.write.pieces import Alternative, Pieces


def page_clauses(page: PagePlan, row: str) -> Pieces:
    """Write WHERE, ORDER BY and LIMIT behind the wrapped query, whose rows are called `row`."""
    order = ", ".join(f"{_column(row, key)}{' DESC' if key.descending else ''}" for key in page.keys)
    behind = Alternative(CURSOR, present=f" WHERE {_behind_cursor(page.keys, row)}", absent="")
    return (behind, f" ORDER BY {order} LIMIT (:__limit::bigint)")


def _behind_cursor(keys: Sequence[SortKey], row: str) -> str:
    if len({key.descending for key in keys}) == 1 and not any(key.nullable for key in keys):
        columns = ", ".join(_column(row, key) for key in keys)
        values = ", ".join(_value(number, key) for number, key in enumerate(keys, start=1))
        return f"({columns}) {'<' if keys[0].descending else '>'} ({values})"
    arms = []
    for number, key in enumerate(keys, start=1):
        same = [_same(row, at, earlier) for at, earlier in enumerate(keys[: number - 1], start=1)]
        arms.append(" AND ".join([*same, _after(row, number, key)]))
    return "(" + " OR ".join(f"({arm})" for arm in arms) + ")"


def _column(row: str, key: SortKey) -> str:
    return f'{row}."' + key.column.replace('"', '""') + '"'


def _value(number: int, key: SortKey) -> str:
    return f"(:__key_{number}::{key.sql_type})"


def _same(row: str, number: int, key: SortKey) -> str:
    operator = "IS NOT DISTINCT FROM" if key.nullable else "="
    return f"{_column(row, key)} {operator} {_value(number, key)}"


def _after(row: str, number: int, key: SortKey) -> str:
    """Write the condition to lie behind the cursor in one key; NULLs come last ascending and first descending."""
    column, value = _column(row, key), _value(number, key)
    if not key.nullable:
        return f"{column} {'<' if key.descending else '>'} {value}"
    if key.descending:
        return f"({column} < {value} OR ({value} IS NULL AND {column} IS NOT NULL))"
    return f"({column} > {value} OR ({column} IS NULL AND {value} IS NOT NULL))"
