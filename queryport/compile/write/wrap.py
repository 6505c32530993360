"""Wraps the author's statement so that PostgreSQL renders each row as one JSON text."""

from collections.abc import Sequence
from dataclasses import dataclass

from postgast.pg_query_pb2 import Token as TokenKind

from handler.contract.operation import ROW_COUNT_MARK, Result, Sql
from queryport.compile.check.pages import PagePlan
from queryport.compile.describe.database import Column
from queryport.compile.describe.text_forms import as_text
from queryport.compile.describe.typed_statement import TypedStatement
from queryport.compile.read.statement import ParsedStatement, Shape
from queryport.compile.read.tokens import Scan, Token
from queryport.compile.write.body import Body
from queryport.compile.write.filters import closing
from queryport.compile.write.page_clauses import column_of, page_clauses
from queryport.compile.write.pieces import Pieces, joined, sql_of, whole_text
from queryport.diagnostics.source import Span

_OPEN = ord("(")


def wrap(
    statement: TypedStatement,
    body: Body,
    result: Result,
    page: PagePlan | None = None,
    *,
    guarded: bool = False,
    beside: Sequence[str] = (),
) -> Sql:
    """Write the whole statement, which renders each row as one JSON text.

    One that is `guarded` fails by itself where its result is one row and it gives another number of rows. The columns
    `beside`, or else the keys of a page, come as their types' texts in a second column, a JSON array.
    """
    parsed = statement.parsed
    if not statement.columns or parsed.shape is Shape.UTILITY:
        return _sql(body.pieces(body.scan.span))
    row = _wrapped_row(body, statement.columns, result)
    if parsed.shape is Shape.QUERY and (page is not None or not (guarded and result in _SINGLE)):
        tail = page_clauses(statement.file.database, page, row.name) if page else Pieces()
        second = _texts(statement, row, [key.column for key in page.keys] if page else beside)
        query = body.pieces(body.scan.span)
        sql = _sql((f"SELECT {row.rendered}{second} FROM (", *query, f") {row.alias}", *tail))
        if not statement.file.database.conversions.plans_with_json_value(whole_text(sql, present=True)):
            return sql
        # JSON_VALUE that returns json or jsonb is NULL where PostgreSQL 18 evaluates it within a row's constructor.
        kept_whole = (f"SELECT {row.rendered}{second} FROM (SELECT * FROM (", *query, f") {row.alias} OFFSET 0)")
        return _sql((*kept_whole, f" {row.alias}", *tail))
    materialized = " MATERIALIZED" if parsed.shape is Shape.QUERY else ""
    common = _common(parsed, body, f"{row.alias} AS{materialized} (")
    if guarded:
        return _sql((*common, ") ", _selection(row, result)))
    return _sql((*common, f") SELECT {row.rendered}{_texts(statement, row, beside)} FROM {row.name}"))


def _texts(statement: TypedStatement, row: "_WrappedRow", columns: Sequence[str]) -> str:
    """Write the second column: of some of the row's columns their types' texts, which no JSON number or null bends."""
    if not columns:
        return ""
    oids = {column.name: column.type_oid for column in statement.columns}
    texts = [as_text(statement.file.database, oids[name], column_of(row.name, name)) for name in columns]
    return f", json_build_array({', '.join(texts)})::text"


def wrap_keyed(statement: TypedStatement, body: Body, result: Result) -> Sql:
    """Write the statement that also stores its idempotency key and its answer: all of it happens, or nothing."""
    columns = statement.columns
    row = _wrapped_row(body, columns, result)
    returning = "" if columns else " RETURNING 1"
    kept = f"coalesce(array_agg({row.rendered}), '{{}}')" if columns else "ARRAY[count(*)::text]"
    selection = _selection(row, result) if columns else f"SELECT count(*)::text FROM {row.name}"
    alias = row.alias if columns else row.name
    return _sql(
        (
            *_common(statement.parsed, body, f"{alias} AS MATERIALIZED ("),
            f"{returning}), {row.key} AS ("
            "INSERT INTO queryport.idempotency_key (operation, key, request_hash, response, expires_at) "
            f"SELECT :__operation, :__key, :__hash, {kept}, now() + :__keep::interval FROM {row.name}) ",
            selection,
        )
    )


def _sql(pieces: Pieces) -> Sql:
    return sql_of(joined(pieces))


_SINGLE = frozenset({Result.ONE, Result.MAYBE, Result.VALUE})


@dataclass(frozen=True, slots=True)
class _WrappedRow:
    name: str
    alias: str
    rendered: str
    """The row as one JSON text."""
    key: str
    """A name for the query that writes the idempotency key."""


def _wrapped_row(body: Body, columns: tuple[Column, ...], result: Result) -> _WrappedRow:
    name, key = _free_names(body.scan, columns, "q", "k")
    # The column of `value` is named here: the name of a bare placeholder's column changes with its cast.
    if result is Result.VALUE:
        return _WrappedRow(name, f"{name}(v)", f"to_json({name}.v)::text", key)
    return _WrappedRow(name, name, f"row_to_json({name})::text", key)


def _selection(row: _WrappedRow, result: Result) -> str:
    """Select the rows of a change, which fails where it is to give a single row and gives another number of them.

    What fails is the cast of the call's own mark, with the number of rows behind it, to an integer; see Single.sql.
    """
    if result not in _SINGLE:
        return f"SELECT {row.rendered} FROM {row.name}"
    right = "count(*) < 2" if result is Result.MAYBE else "count(*) = 1"
    return (
        f"SELECT CASE WHEN {right} THEN min({row.rendered}) "
        f"ELSE ((:{ROW_COUNT_MARK}::text) || count(*))::integer::text END FROM {row.name}"
    )


def _common(parsed: ParsedStatement, body: Body, opening: str) -> Pieces:
    """Write `WITH … AS (` and the statement; the author's own WITH is drawn out of it where its queries may write."""
    span, tokens = body.scan.span, body.scan.tokens
    if parsed.last_common_table is None or parsed.shape is Shape.QUERY:
        return (f"WITH {opening}", *body.pieces(span))
    # Parentheses in front of the WITH belong to the statement behind it: `(WITH … SELECT …) ORDER BY 1`.
    start = next(token.start for token in tokens if token.kind == TokenKind.WITH)
    main = _main_start(tokens, parsed.last_common_table)
    common = body.pieces(Span(start, tokens[main - 1].end))
    written = body.pieces(Span(tokens[main].start, span.end))
    return (*common, f", {opening}", *body.pieces(Span(span.start, start)), *written)


_VERBS = frozenset(
    {
        TokenKind.SELECT,
        TokenKind.INSERT,
        TokenKind.UPDATE,
        TokenKind.DELETE_P,
        TokenKind.MERGE,
        TokenKind.VALUES,
        TokenKind.TABLE,
        _OPEN,
    }
)


def _main_start(tokens: tuple[Token, ...], last_common_table: int) -> int:
    """Return the index of the token behind the WITH clause whose last query's name stands at an offset."""
    index = next(index for index, token in enumerate(tokens) if token.start >= last_common_table) + 1
    if tokens[index].kind == _OPEN:  # its column names
        index = closing(tokens, index) + 1
    while tokens[index].kind != _OPEN:  # AS [NOT] [MATERIALIZED]
        index += 1
    index = closing(tokens, index) + 1
    while tokens[index].kind not in _VERBS:  # SEARCH … and CYCLE …
        index += 1
    return index


def _free_names(scan: Scan, columns: tuple[Column, ...], *wanted: str) -> list[str]:
    """Return names that nothing in the statement has: a column of the row's name would hide the row."""
    taken = {token.text.strip('"').lower() for token in scan.tokens} | {column.name.lower() for column in columns}
    return [
        next(name for name in (base, *(f"{base}{number}" for number in range(1, len(taken) + 2))) if name not in taken)
        for base in wanted
    ]
