"""Checks `page:` of a query file: keys that the statement gives and that tell its rows apart."""

from collections.abc import Set
from dataclasses import dataclass
from itertools import combinations

from handler.contract.operation import Page, Result, Sql
from queryport.compile.describe.typed_statement import TypedStatement
from queryport.compile.describe.types import Schema
from queryport.compile.read.statement import Shape

CURSOR, LIMIT = "cursor", "limit"
"""The parameters that every paged operation has."""

_MOST_CANDIDATES = 12
"""Output columns that are tried, alone and two by two, as the end of keys that are not unique."""

_NO_KEYS = frozenset({"jsonb", "record"})
"""Types that have an order, and values that no cursor holds as one text."""


@dataclass(frozen=True, slots=True)
class SortKey:
    """An output column that pages are ordered by."""

    column: str
    type_oid: int
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
    _check_own_limit(statement)
    _check_own_parameters(statement)
    if entry.size > entry.max:
        message = f"`size` is {entry.size}, more than `max`, {entry.max}"
        report("QP406", ("size",), message, "lower `size` or raise `max`")
    columns = {
        column.name: (position, column, may)
        for position, (column, may) in enumerate(zip(statement.columns, nullable, strict=True), start=1)
    }
    keys: list[SortKey] = []
    chosen: list[str] = []
    for index, written in enumerate(entry.by):
        name, _, direction = written.strip().partition(" ")
        if name not in columns or direction.strip().lower() not in ("", "asc", "desc"):
            cure = f"write an output column and asc or desc; the columns are {', '.join(columns)}"
            report("QP406", ("by", index), f"`{written}` is not a key that pages can go by", cure)
            continue
        _, column, may_be_null = columns[name]
        row = database.base_type(column.type_oid)
        sql_name = database.type(column.type_oid).sql_name
        if (
            row.name in _NO_KEYS
            or row.element_oid
            or row.kind == "c"
            or not database.conversions.orders_rows_by(sql_name)
        ):
            message = f"`{name}` is of a type that pages cannot go by, {sql_name}"
            report("QP406", ("by", index), message, "take a single value that `>` compares, or cast the column")
            continue
        descending = direction.strip().lower() == "desc"
        keys.append(SortKey(name, column.type_oid, descending, may_be_null))
        chosen.append(name)
    if reporter.errors > errors:
        return None
    positions = frozenset(columns[name][0] for name in chosen)
    if not entry.unique and not statement.analysis.tells_rows_apart(positions):
        message = (
            "nothing shows that these keys tell every row apart: rows that tie in all of them could be left out "
            "between two pages"
        )
        report("QP407", ("by",), message, _cure(statement, positions, set(columns) - set(chosen)))
    return PagePlan(tuple(keys), entry.size, entry.max)


def _check_own_limit(statement: TypedStatement) -> None:
    node, file = statement.parsed.node, statement.file
    if node.HasField("limit_count") or node.HasField("limit_offset"):
        message = "the query has a LIMIT or OFFSET of its own, which is that of all pages together"
        file.reporter.report("QP410", file.header.key("page"), message, "leave ORDER BY, LIMIT and OFFSET to `page`")


def _check_own_parameters(statement: TypedStatement) -> None:
    file = statement.file
    for name in (LIMIT, CURSOR):
        if name in statement.inference.by_name:
            message = f"`:{name}` is a parameter that `page:` adds itself"
            file.reporter.report("QP110", file.header.key("page"), message, "give the placeholder another name")


def _cure(statement: TypedStatement, keys: frozenset[int], others: Set[str]) -> str:
    """Name the output columns that would tell the rows apart together with the keys, if one or two of them do."""
    positions = {column.name: number for number, column in enumerate(statement.columns, start=1)}
    candidates = [name for name in positions if name in others][:_MOST_CANDIDATES]
    for count in (1, 2):
        for names in combinations(candidates, count):
            if statement.analysis.tells_rows_apart(keys | {positions[name] for name in names}):
                return f"end `by` with {' and '.join(f'`{name}`' for name in names)}"
    return (
        "select the primary key of each table that has several rows for one row of the others, and end `by` with them; "
        "if the keys are unique all the same, say so with `unique: true`"
    )
