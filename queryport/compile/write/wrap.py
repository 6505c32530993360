"""Wraps the author's statement so that PostgreSQL renders each row as one JSON text."""

from collections.abc import Sequence
from typing import NamedTuple

from postgast.pg_query_pb2 import Token as TokenKind

from handler.contract.execution import ROW_COUNT_MARK, UNKEPT
from handler.contract.operation import ONE_ROW, Result
from handler.contract.sql import Sql
from queryport.compile.describe.text_forms import as_text
from queryport.compile.describe.typed_statement import TypedStatement
from queryport.compile.read.statement import ParsedStatement, Shape
from queryport.compile.read.tokens import Token, closing
from queryport.compile.write.body import Body
from queryport.compile.write.names import column_of, free_names
from queryport.compile.write.pieces import Pieces, joined, sql_of, whole_text
from queryport.compile.write.rendered import rendered_row, rendered_value
from queryport.compile.write.row_security import behind_settings, settings_first
from queryport.diagnostics.source import Span

_OPEN = ord("(")


class _WrappedRow(NamedTuple):
    name: str
    alias: str
    rendered: str
    """The row as one JSON text."""
    key: str
    """A name for the query that writes the idempotency key."""


def wrap(
    statement: TypedStatement,
    body: Body,
    result: Result,
    *,
    guarded: bool = False,
    beside: Sequence[str] = (),
    settings: str | None = None,
) -> Sql:
    """Write the whole statement, which renders each row as one JSON text.

    A `guarded` one fails by itself on another number of rows than its result's, and one with an entity tag on a row
    with another tag. The columns `beside` come as their types' texts in a second column, a JSON array. With a name for
    `settings`, the statement sets the caller's claims first.
    """
    parsed, guarded = statement.parsed, guarded or body.if_match is not None
    in_place = settings is None and body.if_match is None
    if (not statement.columns and in_place) or parsed.shape is Shape.UTILITY:
        return _sql(body.pieces(body.scan.span))
    row = _wrapped_row(statement, body, result)
    if parsed.shape is Shape.QUERY and not (guarded and result in ONE_ROW):
        return _wrapped_query(statement, row, body.pieces(body.scan.span), beside, settings)
    materialized = " MATERIALIZED" if parsed.shape is Shape.QUERY else ""
    returning = "" if statement.columns else " RETURNING 1"
    common = _common(parsed, body, f"{row.alias if statement.columns else row.name} AS{materialized} (")
    if not statement.columns or (body.if_match is not None and result is Result.NONE):
        selection = _count(body, row, settings)
    elif guarded:
        selection = _selection(body, row, result, settings)
    else:
        selection = (f"SELECT {row.rendered}{_texts(statement, row, beside)} FROM {_from(row, settings)}",)
    return _sql((*common, f"{returning}){_further(settings)} ", *selection))


def _wrapped_query(
    statement: TypedStatement,
    row: _WrappedRow,
    query: Pieces,
    beside: Sequence[str],
    settings: str | None,
) -> Sql:
    database = statement.file.database
    selected = f"SELECT {row.rendered}{_texts(statement, row, beside)} FROM "
    if settings is not None:
        rows = behind_settings(settings, row.alias, ("(", *query, f") {row.alias}"))
        return _sql((f"WITH {settings_first(settings)} {selected}", *rows))
    sql = _sql((f"{selected}(", *query, f") {row.alias}"))
    if not database.conversions.plans_with_json_value(whole_text(sql, present=True)):
        return sql
    # JSON_VALUE that returns json or jsonb is NULL where PostgreSQL 18 evaluates it within a row's constructor.
    return _sql((f"{selected}(SELECT * FROM (", *query, f") {row.alias} OFFSET 0)", f" {row.alias}"))


def _texts(statement: TypedStatement, row: _WrappedRow, columns: Sequence[str]) -> str:
    """Write the second column: of some of the row's columns their types' texts, which no JSON number or null bends."""
    if not columns:
        return ""
    oids = {column.name: column.type_oid for column in statement.columns}
    texts = [as_text(statement.file.database, oids[name], column_of(row.name, name)) for name in columns]
    return f", json_build_array({', '.join(texts)})::text"


def _from(row: _WrappedRow, settings: str | None) -> str:
    """Write the FROM list of a statement whose rows stand in a CTE."""
    if settings is None:
        return row.name
    return "".join(str(piece) for piece in behind_settings(settings, row.name, (row.name,)))


def _further(settings: str | None) -> str:
    return "" if settings is None else f", {settings_first(settings)}"


def wrap_keyed(statement: TypedStatement, body: Body, result: Result, settings: str | None = None) -> Sql:
    """Write the statement that also stores its idempotency key and its answer: all of it happens, or nothing."""
    columns = statement.columns
    row = _wrapped_row(statement, body, result)
    returning = "" if columns else " RETURNING 1"
    if statement.file.front_matter.answer == "none":
        kept, grouped = f"ARRAY['{UNKEPT}']", " GROUP BY ()"  # one row, however many there are
    else:
        kept = f"coalesce(array_agg({row.rendered}), '{{}}')" if columns else "ARRAY[count(*)::text]"
        grouped = ""
    counts = not columns or (body.if_match is not None and result is Result.NONE)
    selection = _count(body, row, settings) if counts else _selection(body, row, result, settings)
    alias = row.alias if columns else row.name
    return _sql(
        (
            *_common(statement.parsed, body, f"{alias} AS MATERIALIZED ("),
            f"{returning}){_further(settings)}, {row.key} AS ("
            "INSERT INTO queryport.idempotency_key (operation, key, request_hash, response, expires_at) "
            f"SELECT :__operation, :__key, :__hash, {kept}, now() + :__keep::interval FROM {row.name}{grouped}) ",
            *selection,
        )
    )


def settings_name(statement: TypedStatement, body: Body) -> str:
    """Return a name for the settings' CTE that nothing in the statement has."""
    return free_names(body.scan, statement.columns, "c")[0]


def _sql(pieces: Pieces) -> Sql:
    return sql_of(joined(pieces))


def _wrapped_row(statement: TypedStatement, body: Body, result: Result) -> _WrappedRow:
    name, key = free_names(body.scan, statement.columns, "q", "k")
    # The column of `value` is named here: the name of a bare placeholder's column changes with its cast.
    if result is Result.VALUE:
        return _WrappedRow(name, f"{name}(v)", rendered_value(statement, f"{name}.v"), key)
    return _WrappedRow(name, name, rendered_row(statement, name), key)


def _count(body: Body, row: _WrappedRow, settings: str | None) -> Pieces:
    """Select the number of rows that were changed."""
    rows = _from(row, settings)
    if body.if_match is None:
        return (f"SELECT count(*)::text FROM {rows}",)
    return ("SELECT CASE ", body.if_match.moved, f"WHEN true THEN count(*)::text END FROM {rows}")


def _selection(body: Body, row: _WrappedRow, result: Result, settings: str | None) -> Pieces:
    """Select the rows of a change, which fails where it is to give a single row and gives another number of them.

    What fails is the cast of the call's own mark, with the number of rows behind it, to an integer; see Single.sql.
    """
    rows = _from(row, settings)
    if result not in ONE_ROW:
        return (f"SELECT {row.rendered} FROM {rows}",)
    right = "count(*) < 2" if result is Result.MAYBE else "count(*) = 1"
    return (
        "SELECT CASE ",
        "" if body.if_match is None else body.if_match.moved,
        f"WHEN {right} THEN min({row.rendered}) "
        f"ELSE ((:{ROW_COUNT_MARK}::text) || count(*))::integer::text END FROM {rows}",
    )


def _common(parsed: ParsedStatement, body: Body, opening: str) -> Pieces:
    """Write `WITH … AS (` and the statement; the author's own WITH is drawn out of it where its queries may write."""
    span, tokens = body.scan.span, body.scan.tokens
    query: Pieces = () if body.if_match is None else (body.if_match.query,)
    if parsed.last_common_table is None or parsed.shape is Shape.QUERY:
        return ("WITH ", *query, opening, *body.pieces(span))
    # Parentheses in front of the WITH belong to the statement behind it: `(WITH … SELECT …) ORDER BY 1`.
    start = next(token.start for token in tokens if token.kind == TokenKind.WITH)
    main = _main_start(tokens, parsed.last_common_table)
    common = body.pieces(Span(start, tokens[main - 1].end))
    written = body.pieces(Span(tokens[main].start, span.end))
    return (*common, ", ", *query, opening, *body.pieces(Span(span.start, start)), *written)


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
