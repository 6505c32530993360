"""Writes a list around the author's query: conditions that callers may set, an order of theirs, pages, a count.

A page is put together of the ranges of its order that may have rows of it, each of which PostgreSQL takes into the
query. So a page costs what its rows cost, however deep it lies. The order's own stretches are left open as slots, for
which the keys' pieces are written; handler.contract.ordering fills them.
"""

from collections.abc import Iterable
from typing import NamedTuple

from handler.contract.execution import Filter, Listing
from handler.contract.ordering import RANGE, OrderKey
from handler.contract.sql import (
    Choice,
    CommaList,
    Fragment,
    ListSql,
    Ranges,
    Slot,
)
from queryport.compile.check.lists.lists import FilterPlan, ListPlan
from queryport.compile.describe.database import Database
from queryport.compile.describe.text_forms import as_text, cast_of_enum, cast_of_text
from queryport.compile.describe.typed_statement import TypedStatement
from queryport.compile.write.body import Body
from queryport.compile.write.names import column_of, free_names
from queryport.compile.write.pieces import Alternative, Listed, Pieces, joined, sql_of, whole_text
from queryport.compile.write.rendered import rendered_row
from queryport.compile.write.row_security import settings_first

_LIMIT = " LIMIT (:__limit::bigint)"
_ORDER = Slot("order")


class _EachRange(NamedTuple):
    """A query that is written for each range of an order."""

    query: tuple[str | Alternative | Listed | Slot, ...]
    opening: str
    closing: tuple[str | Slot, ...]


_ListPieces = tuple[str | Alternative | Listed | Slot | _EachRange, ...]


def write_listing(statement: TypedStatement, body: Body, plan: ListPlan, settings: str | None = None) -> Listing:
    """Write the statements of a list; with a name for `settings`, they set the caller's claims first."""
    row, counted = free_names(body.scan, statement.columns, "q", "n")
    query = body.pieces(body.scan.span)
    rendered = rendered_row(statement, row)
    writer = _Writer(plan, query, row, counted, settings, _conditions(plan, row), rendered)
    keys = tuple(_keys(statement.file.database, plan, row))
    listing = writer.listing(keys)
    if plan.page is not None or settings is not None:
        return listing
    if statement.file.database.conversions.plans_with_json_value(whole_text(listing.statements[0], present=True)):
        # JSON_VALUE that returns json or jsonb is NULL where PostgreSQL 18 evaluates it within a row's constructor.
        shielded: Pieces = ("SELECT * FROM (", *query, f") {row} OFFSET 0")
        return _Writer(plan, shielded, row, counted, settings, writer.conditions, rendered).listing(keys)
    return listing


class _Writer(NamedTuple):
    plan: ListPlan
    query: Pieces
    row: str
    counted: str
    """A name for the row that holds the count."""
    settings: str | None
    conditions: Pieces
    rendered: str
    """The row as one JSON text."""

    def listing(self, keys: tuple[OrderKey, ...]) -> Listing:
        plan = self.plan
        return Listing(
            _list_sql(self._statement(counts=False)),
            keys,
            by=plan.page.by if plan.page else (),
            sorts=plan.sorts,
            ties=plan.page.ties if plan.page else (),
            filters=tuple(_filters(plan.filters)),
            page=plan.page.page if plan.page else None,
            counted_sql=_list_sql(self._statement(counts=True)) if plan.counts else None,
        )

    def _statement(self, *, counts: bool) -> _ListPieces:
        first = "" if self.settings is None else f"WITH {settings_first(self.settings)} "
        # Where a page is empty, the row that has the number alone is itself NULL, which a row of NULLs is not.
        rendered = f"CASE WHEN {self.row} IS DISTINCT FROM NULL THEN {self.rendered} END" if counts else self.rendered
        selected = f"{first}SELECT {rendered}"
        if self.plan.page is None:
            return (f"{selected} FROM ", *self._all_rows())
        total = f", {self.counted}.total::text" if counts else ""
        page = (self._each_range(), f" {self.row}", *((" ON true",) if counts else ()), _ORDER)
        return (f"{selected}, json_build_array(", Slot("keys"), f"{total})::text FROM ", *self._beside(counts), *page)

    def _all_rows(self) -> _ListPieces:
        if self.settings is None:
            return (*self._query, *self._where, _ORDER)
        # PostgreSQL draws no condition into what is behind the settings: those of a list stand there, its order twice.
        inner = ("(SELECT * FROM ", *self._query, *self._where, _ORDER, f" OFFSET 0) {self.row}")
        return (f"{self.settings} CROSS JOIN LATERAL ", *inner, _ORDER)

    def _each_range(self) -> _EachRange:
        joined_by = " AND " if self.settings is not None or self.conditions else " WHERE "
        behind_settings = "" if self.settings is None else " OFFSET 0"
        rows = ("(SELECT * FROM ", *self._query, *self._where, Slot(RANGE, joined_by))
        query = (*rows, _ORDER, f"{_LIMIT}{behind_settings})")
        # Each range has a page's rows at most; the order is that of the whole for the few rows that this comes to.
        return _EachRange(query, "(SELECT * FROM (", (f") {self.row}", _ORDER, f"{_LIMIT})"))

    def _beside(self, counts: bool) -> Pieces:  # noqa: FBT001 (as the caller has it)
        """Write what stands in FROM in front of the page: the settings, and the number of all rows."""
        settings = "" if self.settings is None else f"{self.settings} CROSS JOIN LATERAL "
        if not counts:
            return (settings,)
        # Of an empty page there is a row all the same, with the number alone.
        behind = "" if self.settings is None else " OFFSET 0"
        rows = ("(SELECT FROM ", *self._query, *self._where, f"{behind}) {self.row}")
        return (f"{settings}(SELECT count(*) AS total FROM ", *rows, f") {self.counted} LEFT JOIN LATERAL ")

    @property
    def _query(self) -> Pieces:
        return ("(", *self.query, f") {self.row}")

    @property
    def _where(self) -> Pieces:
        if self.settings is not None:
            return (f" WHERE {self.settings}.set IS NOT NULL", *self.conditions)
        return (" WHERE true", *self.conditions) if self.conditions else ()


def _list_sql(pieces: Iterable[str | Alternative | Listed | Slot | _EachRange]) -> ListSql:
    written: list[Fragment | Choice | CommaList | Slot | Ranges] = []
    plain: list[str | Alternative | Listed] = []
    for piece in pieces:
        if not isinstance(piece, Slot | _EachRange):
            plain.append(piece)
            continue
        written += sql_of(joined(plain))
        plain.clear()
        written.append(piece if isinstance(piece, Slot) else _ranges_of(piece))
    return (*written, *sql_of(joined(plain)))


def _ranges_of(piece: _EachRange) -> Ranges:
    query, closing = (
        tuple(part for part in _list_sql(pieces) if not isinstance(part, Ranges))
        for pieces in (piece.query, piece.closing)
    )
    return Ranges(query, piece.opening, closing)


def _keys(database: Database, plan: ListPlan, row: str) -> list[OrderKey]:
    keys = []
    for number, key in enumerate(plan.keys, start=1):
        column, placeholder = column_of(row, key.column), f"__key_{number}"
        value = f"(:{placeholder}{cast_of_text(database, key.type_oid)})"
        text = as_text(database, key.type_oid, column)
        cast = cast_of_enum(database, key.type_oid)
        keys.append(OrderKey(key.column, column, text, value, placeholder, key.nullable, cast))
    return keys


def _filters(plans: tuple[FilterPlan, ...]) -> list[Filter]:
    return [
        Filter(plan.column, plan.condition.operator, plan.condition.codec, _placeholder(number))
        for number, plan in enumerate(plans, start=1)
    ]


def _placeholder(number: int) -> str:
    return f"__filter_{number}"


def _conditions(plan: ListPlan, row: str) -> Pieces:
    """Write a piece for each condition, which is there where a call sets it."""
    pieces = []
    for each, filter_ in zip(plan.filters, _filters(plan.filters), strict=True):
        column, value = column_of(row, each.column), f":{filter_.placeholder}"
        written = each.condition.sql.replace("{column}", column).replace("{value}", value)
        pieces.append(Alternative(filter_.placeholder, f" AND {written}", ""))
        if each.condition.negated:
            negated = each.condition.negated.replace("{column}", column)
            pieces.append(Alternative(filter_.otherwise, f" AND {negated}", ""))
    return tuple(pieces)
