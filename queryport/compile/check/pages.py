"""Checks `page:` of a query file: keys that the statement gives and that tell its rows apart."""

from dataclasses import dataclass

from handler.contract.operation import Page, Result, Sql
from queryport.compile.describe.database import Column, Database
from queryport.compile.describe.typed_statement import TypedStatement
from queryport.compile.describe.types import Schema
from queryport.compile.read.statement import Shape
from queryport.compile.read.syntax_tree import equated_columns

CURSOR, LIMIT = "cursor", "limit"
"""The parameters that every paged operation has."""

_NO_KEYS = frozenset({"jsonb", "record"})
"""Types that have an order, and values that no cursor holds as one text."""


@dataclass(frozen=True, slots=True)
class SortKey:
    """An output column that pages are ordered by."""

    column: str
    sql_type: str
    descending: bool
    nullable: bool


@dataclass(frozen=True, slots=True)
class PagePlan:
    """Pages that the statement can give."""

    keys: tuple[SortKey, ...]
    size: int
    max: int

    def page(self, sql: Sql) -> Page:
        return Page(sql, tuple(key.column for key in self.keys), self.size, self.max)

    def extend(self, schema: Schema) -> Schema:
        """Return the parameters' schema with the two that paging adds."""
        limit = {
            "type": "integer",
            "minimum": 1,
            "maximum": self.max,
            "default": self.size,
            "description": "How many rows a page has at most",
        }
        cursor = {"type": ["string", "null"], "description": "`next` of the page before; absent for the first page"}
        return {**schema, "properties": {**schema["properties"], LIMIT: limit, CURSOR: cursor}}


def plan_page(statement: TypedStatement, result: Result, nullable: tuple[bool, ...]) -> PagePlan | None:
    """Read `page:` against what the statement gives; None without `page:`, or after a report of what does not fit."""
    file = statement.file
    entry, reporter, database = file.front_matter.page, file.reporter, file.database
    if entry is None:
        return None

    def report(code: str, key: tuple[str | int, ...], message: str, cure: str) -> None:
        reporter.report(code, file.header.value("page", *key), message, cure)

    if statement.parsed.shape is not Shape.QUERY or result is not Result.MANY:
        report("QP406", (), "only a reading query with `result: many` has pages", "delete `page:`")
        return None
    errors = reporter.errors
    for name in (LIMIT, CURSOR):
        if name in statement.inference.by_name:
            cure = "give the placeholder another name"
            message = f"`:{name}` is a parameter that `page:` adds itself"
            reporter.report("QP110", file.header.key("page"), message, cure)
    if entry.size > entry.max:
        message = f"`size` is {entry.size}, more than `max`, {entry.max}"
        report("QP406", ("size",), message, "lower `size` or raise `max`")
    columns = {column.name: (column, may) for column, may in zip(statement.columns, nullable, strict=True)}
    keys: list[SortKey] = []
    chosen: list[Column] = []
    for index, written in enumerate(entry.by):
        name, _, direction = written.strip().partition(" ")
        if name not in columns or direction.strip().lower() not in ("", "asc", "desc"):
            cure = f"write an output column and asc or desc; the columns are {', '.join(columns)}"
            report("QP406", ("by", index), f"`{written}` is not a key that pages can go by", cure)
            continue
        column, may_be_null = columns[name]
        row = database.base_type(column.type_oid)
        sql_name = database.type(column.type_oid).sql_name
        if row.name in _NO_KEYS or row.element_oid or row.kind == "c" or not database.orders_rows_by(sql_name):
            message = f"`{name}` is of a type that pages cannot go by, {sql_name}"
            report("QP406", ("by", index), message, "take a single value that `>` compares, or cast the column")
            continue
        descending = direction.strip().lower() == "desc"
        keys.append(SortKey(name, sql_name, descending, may_be_null))
        chosen.append(column)
    if reporter.errors > errors:
        return None
    if not _unique(database, chosen, equated_columns(statement.parsed.node)):
        message = (
            "no unique index shows that these keys tell every row apart: rows that tie could be left out between pages"
        )
        report("QP407", ("by",), message, "end `by` with the primary key")
    return PagePlan(tuple(keys), entry.size, entry.max)


def _unique(database: Database, columns: list[Column], equated: frozenset[str]) -> bool:
    """Whether a table's unique key is among the columns, or is made up by those that have one value in the query."""
    for table in {column.table_oid for column in columns if column.table_oid}:
        attributes = database.attributes(table).items()
        known = {column.table_column for column in columns if column.table_oid == table}
        known |= {number for number, attribute in attributes if attribute.name in equated}
        if any(key <= known for key in database.unique_keys(table)):
            return True
    return False
