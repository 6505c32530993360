"""`page:` of a query file: keyset paging around the author's query.

The wrap orders the rows, starts behind the cursor's row and asks for one row more than the page has. PostgreSQL pushes
both conditions into the query, so a page costs what its rows cost, however deep it lies.
"""

from dataclasses import dataclass

from handler.contract.operation import Choice, Page, Result
from queryport.compile.describe.database import Column, Database
from queryport.compile.describe.infer import Inference
from queryport.compile.describe.types import Schema
from queryport.compile.read.front_matter import Header
from queryport.compile.read.statement import Shape, ParsedStatement, equated_columns
from queryport.diagnostics.source import Problem, Source

CURSOR, LIMIT = "cursor", "limit"
"""The parameters that every paged operation has."""

_NO_KEYS = frozenset({"json", "jsonb", "record", "xml", "point", "line", "lseg", "box", "path", "polygon", "circle"})


@dataclass(frozen=True, slots=True)
class _Key:
    column: str
    sql_type: str
    descending: bool
    nullable: bool


@dataclass(frozen=True, slots=True)
class PagePlan:
    """Pages that the statement can give."""

    page: Page
    _keys: tuple[_Key, ...]

    def clauses(self, row: str) -> tuple[str | Choice, ...]:
        """WHERE, ORDER BY and LIMIT behind the wrapped query, whose rows are called `row`."""
        order = ", ".join(f"{_column(row, key)}{' DESC' if key.descending else ''}" for key in self._keys)
        behind = Choice(CURSOR, present=f" WHERE {self._behind_cursor(row)}", absent="")
        return (behind, f" ORDER BY {order} LIMIT (:__limit::bigint)")

    def _behind_cursor(self, row: str) -> str:
        keys = self._keys
        if len({key.descending for key in keys}) == 1 and not any(key.nullable for key in keys):
            columns = ", ".join(_column(row, key) for key in keys)
            values = ", ".join(_value(number, key) for number, key in enumerate(keys, start=1))
            return f"({columns}) {'<' if keys[0].descending else '>'} ({values})"
        arms = []
        for number, key in enumerate(keys, start=1):
            same = [_same(row, at, earlier) for at, earlier in enumerate(keys[: number - 1], start=1)]
            arms.append(" AND ".join([*same, _after(row, number, key)]))
        return "(" + " OR ".join(f"({arm})" for arm in arms) + ")"

    def extend(self, schema: Schema) -> Schema:
        """The parameters' schema with the two that paging adds."""
        limit = {
            "type": "integer",
            "minimum": 1,
            "maximum": self.page.max,
            "default": self.page.size,
            "description": "How many rows a page has at most",
        }
        cursor = {"type": ["string", "null"], "description": "`next` of the page before; absent for the first page"}
        return {**schema, "properties": {**schema["properties"], LIMIT: limit, CURSOR: cursor}}


def _column(row: str, key: _Key) -> str:
    return f'{row}."' + key.column.replace('"', '""') + '"'


def _value(number: int, key: _Key) -> str:
    return f"(:__key_{number}::{key.sql_type})"


def _same(row: str, number: int, key: _Key) -> str:
    operator = "IS NOT DISTINCT FROM" if key.nullable else "="
    return f"{_column(row, key)} {operator} {_value(number, key)}"


def _after(row: str, number: int, key: _Key) -> str:
    """Behind the cursor in one key; as PostgreSQL has it, NULLs come last ascending and first descending."""
    column, value = _column(row, key), _value(number, key)
    if not key.nullable:
        return f"{column} {'<' if key.descending else '>'} {value}"
    if key.descending:
        return f"({column} < {value} OR ({value} IS NULL AND {column} IS NOT NULL))"
    return f"({column} > {value} OR ({column} IS NULL AND {value} IS NOT NULL))"


def plan_page(
    database: Database,
    source: Source,
    header: Header,
    statement: ParsedStatement,
    result: Result,
    inference: Inference,
    nullable: tuple[bool, ...],
) -> tuple[PagePlan | None, list[Problem]]:
    """Reads `page:` against what the statement gives."""
    entry = header.front_matter.page
    if entry is None:
        return None, []
    problems: list[Problem] = []

    def report(code: str, key: tuple[str | int, ...], message: str, cure: str) -> None:
        problems.append(source.problem(code, header.value("page", *key), message, cure))

    if statement.shape is not Shape.QUERY or result is not Result.MANY:
        report("QP406", (), "only a reading query with `result: many` has pages", "delete `page:`")
        return None, problems
    for name in (LIMIT, CURSOR):
        if name in inference.by_name:
            span = header.key("page")
            cure = "give the placeholder another name"
            problems.append(source.problem("QP110", span, f"`:{name}` is a parameter that `page:` adds itself", cure))
    if entry.size > entry.max:
        report(
            "QP406", ("size",), f"`size` is {entry.size}, more than `max`, {entry.max}", "lower `size` or raise `max`"
        )
    columns = {column.name: (column, may) for column, may in zip(inference.description.columns, nullable, strict=True)}
    keys: list[_Key] = []
    chosen: list[Column] = []
    for index, written in enumerate(entry.by):
        name, _, direction = written.strip().partition(" ")
        if name not in columns or direction.strip().lower() not in ("", "asc", "desc"):
            cure = f"write an output column and asc or desc; the columns are {', '.join(columns)}"
            report("QP406", ("by", index), f"`{written}` is not a key that pages can go by", cure)
            continue
        column, may_be_null = columns[name]
        row = database.base_type(column.type_oid)
        if row.name in _NO_KEYS or row.element_oid or row.kind == "c":
            report("QP406", ("by", index), f"`{name}` is of a type that pages cannot go by", "take a single value")
            continue
        keys.append(
            _Key(name, database.type(column.type_oid).sql_name, direction.strip().lower() == "desc", may_be_null)
        )
        chosen.append(column)
    if problems:
        return None, problems
    if not _unique(database, chosen, equated_columns(statement.node)):
        message = (
            "no unique index shows that these keys tell every row apart: rows that tie could be left out between pages"
        )
        report("QP407", ("by",), message, "end `by` with the primary key")
    page = Page(tuple(key.column for key in keys), entry.size, entry.max)
    return PagePlan(page, tuple(keys)), problems


def _unique(database: Database, columns: list[Column], equated: frozenset[str]) -> bool:
    """Whether a table's unique key is among the columns, or is made up by those that have one value in the query."""
    for table in {column.table_oid for column in columns if column.table_oid}:
        attributes = database.attributes(table).items()
        known = {column.table_column for column in columns if column.table_oid == table}
        known |= {number for number, attribute in attributes if attribute.name in equated}
        if any(key <= known for key in database.unique_keys(table)):
            return True
    return False
