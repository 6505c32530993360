"""The output columns of a statement, and which of them its rows can be ordered by."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from queryport.compile.describe.description import Column
from queryport.compile.describe.typed_statement import TypedStatement

if TYPE_CHECKING:
    from queryport.compile.describe.database import Database

_NO_KEYS = frozenset({"jsonb", "record"})
"""Types that have an order, and values that no cursor holds as one text."""


class SortKey(NamedTuple):
    """An output column that rows are ordered by."""

    column: str
    type_oid: int
    nullable: bool


class OutputColumns:
    """The columns by their names; of several with one name, which is an error of its own, the last."""

    def __init__(self, statement: TypedStatement) -> None:
        self._database: Database = statement.file.database
        rows = zip(statement.columns, statement.analysis.nullable, strict=True)
        self._columns: Mapping[str, tuple[int, Column, bool]] = {
            column.name: (position, column, may_be_null) for position, (column, may_be_null) in enumerate(rows, start=1)
        }

    def __contains__(self, name: str) -> bool:
        return name in self._columns

    def __getitem__(self, name: str) -> Column:
        return self._columns[name][1]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._columns)

    def positions(self, names: Iterable[str]) -> frozenset[int]:
        """Return the places of columns in the statement, counted from 1."""
        return frozenset(self._columns[name][0] for name in names)

    def key(self, name: str) -> SortKey:
        _, column, may_be_null = self._columns[name]
        return SortKey(name, column.type_oid, may_be_null)

    def unfit_for_order(self, name: str) -> str | None:
        """Return the column's type as SQL where ORDER BY cannot go by it."""
        sql_name = self._database.types[self[name].type_oid].sql_name
        return None if self._database.conversions.orders_rows_by(sql_name) else sql_name

    def unfit_for_pages(self, name: str) -> str | None:
        """Return the column's type as SQL where pages cannot go by it."""
        oid = self[name].type_oid
        row = self._database.types.base(oid)
        if row.name in _NO_KEYS or row.element_oid or row.kind == "c":
            return self._database.types[oid].sql_name
        return self.unfit_for_order(name)
