"""Writes a list around the author's query: conditions that callers may set, an order of theirs, pages, a count.

PostgreSQL takes all of it into the query, so a page costs what its rows cost, however deep it lies. The order's own
stretches are left open as slots, for which the keys' pieces are written; handler.contract.ordering fills them.
"""

from dataclasses import dataclass

from handler.contract.operation import Filter, Listing, Slot
from handler.contract.ordering import Key
from queryport.compile.check.lists import FilterPlan, ListPlan
from queryport.compile.describe.database import Database
from queryport.compile.describe.text_forms import as_text, cast_of_text
from queryport.compile.describe.typed_statement import TypedStatement
from queryport.compile.write.body import Body
from queryport.compile.write.names import free_names
from queryport.compile.write.pieces import Alternative, Pieces, joined, sql_of, whole_text
from queryport.compile.write.row_security import behind_settings, settings_first
from queryport.compile.write.wrap import column_of

_LIMIT = " LIMIT (:__limit::bigint)"


def write_listing(statement: TypedStatement, body: Body, plan: ListPlan, settings: str | None = None) -> Listing:
    """Write the statements of a list; with a name for `settings`, they set the caller's claims first."""
    row, counted = free_names(body.scan, statement.columns, "q", "n")
    writer = _Writer(plan, body.pieces(body.scan.span), row, counted, settings, _conditions(plan, row))
    keys = tuple(_keys(statement.file.database, plan, row))
    listing = writer.listing(keys)
    plans_with_json_value = statement.file.database.conversions.plans_with_json_value
    if settings is None and plans_with_json_value(whole_text(listing.statements[0], present=True)):
        # JSON_VALUE that returns json or jsonb is NULL where PostgreSQL 18 evaluates it within a row's constructor.
        shielded: Pieces = ("SELECT * FROM (", *writer.query, f") {row} OFFSET 0")
        writer = _Writer(plan, shielded, row, counted, settings, writer.conditions)
        return writer.listing(keys)
    return listing


@dataclass(frozen=True, slots=True)
class _Writer:
    plan: ListPlan
    query: Pieces
    row: str
    counted: str
    """A name for the row that holds the count."""
    settings: str | None
    conditions: Pieces

    def listing(self, keys: tuple[Key, ...]) -> Listing:
        plan = self.plan
        return Listing(
            sql_of(joined(self._statement(counts=False))),
            keys,
            by=plan.page.by if plan.page else (),
            sorts=plan.sorts,
            ties=plan.page.ties if plan.page else (),
            filters=tuple(_filters(plan.filters)),
            page=plan.page.page if plan.page else None,
            counted_sql=sql_of(joined(self._statement(counts=True))) if plan.counts else None,
        )

    def _statement(self, *, counts: bool) -> Pieces:
        first = "" if self.settings is None else f"WITH {settings_first(self.settings)} "
        selected: Pieces = (f"{first}SELECT row_to_json({self.row})::text",)
        if self.plan.page is not None:
            total = f", {self.counted}.total::text" if counts else ""
            selected = (*selected, ", json_build_array(", Slot("keys"), f"{total})::text")
        if counts:
            return (*selected, " FROM ", *self._counted(), " ON true", Slot("order"))
        if self.settings is None:
            return (*selected, " FROM ", *self._query, *self._where, *self._tail)
        # PostgreSQL draws no condition into what is behind the settings: those of a list stand there, its order twice.
        rows = behind_settings(self.settings, self.row, self._query, (*self._where, *self._tail))
        return (*selected, " FROM ", *rows, Slot("order"))

    def _counted(self) -> Pieces:
        """Write the number of all rows beside those of the page, of which there may be none."""
        number = f"{self.counted} LEFT JOIN LATERAL "
        if self.settings is None:
            one: Pieces = ("(SELECT count(*) AS total FROM ", *self._query, *self._filtered, f") {number}")
            return (*one, "(SELECT * FROM ", *self._query, *self._where, *self._tail, f") {self.row}")
        behind = f" WHERE {self.settings}.set IS NOT NULL"
        return (
            f"{self.settings} CROSS JOIN LATERAL (SELECT count(*) AS total FROM (SELECT FROM ",
            *self._query,
            behind,
            *self.conditions,
            f" OFFSET 0) {self.row}) {number}(SELECT * FROM ",
            *self._query,
            behind,
            *self._where,
            *self._tail,
            f" OFFSET 0) {self.row}",
        )

    @property
    def _query(self) -> Pieces:
        return ("(", *self.query, f") {self.row}")

    @property
    def _filtered(self) -> Pieces:
        return (" WHERE true", *self.conditions) if self.conditions else ()

    @property
    def _where(self) -> Pieces:
        """Write the conditions, behind those that are there already where the settings come first."""
        if self.settings is not None:
            return (*self.conditions, Slot("behind", " AND "))
        return (*self._filtered, Slot("behind", " AND " if self.conditions else " WHERE "))

    @property
    def _tail(self) -> Pieces:
        return (Slot("order"), _LIMIT) if self.plan.page else (Slot("order"),)


def _keys(database: Database, plan: ListPlan, row: str) -> list[Key]:
    keys = []
    for number, key in enumerate(plan.keys, start=1):
        column, placeholder = column_of(row, key.column), f"__key_{number}"
        value = f"(:{placeholder}{cast_of_text(database, key.type_oid)})"
        text = as_text(database, key.type_oid, column)
        keys.append(Key(key.column, column, text, value, placeholder, key.nullable))
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
