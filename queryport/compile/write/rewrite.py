"""From the statement in the file to the statement that is sent.

Every placeholder gets the cast of its type, so that all values can travel as text; a statement that gives rows is
wrapped so that PostgreSQL renders each row as one JSON text; a filter `(:p IS NULL OR …)` is left out of a call that
gives no `p`, so that the planner sees only the conditions that count. Works on the text, token by token: what the
author wrote stays as it was written.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from postgast.pg_query_pb2 import Token as TokenKind

from handler.contract.operation import Choice, Result
from queryport.compile.check.pages import PagePlan
from queryport.compile.describe.database import Column, Database
from queryport.compile.describe.infer import without_comments
from queryport.compile.read.scan import Draft, Edit, Placeholder, Scan, Token
from queryport.compile.read.statement import Shape, ParsedStatement
from queryport.diagnostics.source import Source, Span

Pieces = tuple[str | Choice, ...]


@dataclass(frozen=True, slots=True)
class Body:
    """The author's statement with casts, cut where filters may be left out."""

    source: Source
    scan: Scan
    edits: tuple[Edit, ...]
    filters: tuple[tuple[Span, str], ...]
    """The stretches `(:p IS NULL OR …)`, each with its parameter."""

    def pieces(self, span: Span) -> Pieces:
        """The stretch of the statement as pieces."""
        pieces: list[str | Choice] = []
        here = span.start
        for stretch, parameter in self.filters:
            if span.start <= stretch.start and stretch.end <= span.end:
                pieces.append(self._text(Span(here, stretch.start)))
                pieces.append(Choice(parameter, present=self._text(stretch), absent="true"))
                here = stretch.end
        pieces.append(self._text(Span(here, span.end)))
        return tuple(pieces)

    def _text(self, span: Span) -> str:
        return Draft(self.source, span, self.edits).text


def cast_body(
    database: Database, source: Source, scan: Scan, oids: tuple[int, ...], absentable: frozenset[str]
) -> Body:
    """Casts each placeholder to its type; `absentable` are the parameters that a call may leave NULL."""
    casts = [_cast(database, scan, place, oid) for place, oid in zip(scan.placeholders, oids, strict=True)]
    filters = tuple(_filters(scan, absentable))
    return Body(source, scan, (*casts, *without_comments(scan)), filters)


def _cast(database: Database, scan: Scan, place: Placeholder, oid: int) -> Edit:
    following = next((token for token in scan.tokens if token.start >= place.span.end), None)
    if following is not None and following.kind == TokenKind.TYPECAST:
        return Edit(place.span, f":{place.name}")  # the author's own cast, whose type was inferred
    # In parentheses, because FETCH FIRST and what may follow (`[1]`, `.field`, a unit) take no bare cast.
    return Edit(place.span, f"(:{place.name}::{database.type(oid).sql_name})")


# A condition between these stands by itself in an AND list, so `true` can stand for it.
_BEFORE = frozenset({TokenKind.WHERE, TokenKind.AND, TokenKind.ON})
_AFTER = frozenset(
    {
        *(TokenKind.AND, ord(")"), ord(";"), TokenKind.ORDER, TokenKind.GROUP_P, TokenKind.HAVING, TokenKind.LIMIT, TokenKind.OFFSET, TokenKind.FETCH),
        *(TokenKind.FOR, TokenKind.WINDOW, TokenKind.RETURNING, TokenKind.UNION, TokenKind.INTERSECT, TokenKind.EXCEPT),
    }
)
_OPEN, _CLOSE, _COMMA = ord("("), ord(")"), ord(",")


def _filters(scan: Scan, absentable: frozenset[str]) -> Iterator[tuple[Span, str]]:
    """The conditions `(:p IS NULL OR …)` that are true whenever `p` is NULL; of nested ones the outermost."""
    tokens = scan.tokens
    names = {place.span.start: place for place in scan.placeholders}
    end = 0
    for index in range(1, len(tokens) - 1):
        place = names.get(tokens[index + 1].start)
        if tokens[index].kind != _OPEN or tokens[index].start < end or place is None or place.name not in absentable:
            continue
        close = closing(tokens, index)
        tested = _after_null_test(tokens, index + 3)
        if (
            tested is not None
            and tokens[index - 1].kind in _BEFORE
            and (close + 1 == len(tokens) or tokens[close + 1].kind in _AFTER)
            and not _has_comma(tokens, index, close)
        ):
            end = tokens[close].end
            yield Span(tokens[index].start, end), place.name


def _after_null_test(tokens: tuple[Token, ...], index: int) -> int | None:
    """The index behind `IS NULL OR`, which may follow a cast; None where something else stands."""
    if index < len(tokens) and tokens[index].kind == TokenKind.TYPECAST:
        while index < len(tokens) and tokens[index].kind not in (TokenKind.IS, _OPEN, _CLOSE, _COMMA):
            index += 1
    kinds = [token.kind for token in tokens[index : index + 3]]
    return index + 3 if kinds == [TokenKind.IS, TokenKind.NULL_P, TokenKind.OR] else None


def _has_comma(tokens: tuple[Token, ...], start: int, end: int) -> bool:
    """Whether the parentheses hold a row or arguments, not a condition."""
    depth = 0
    for token in tokens[start:end]:
        depth += (token.kind == _OPEN) - (token.kind == _CLOSE)
        if depth == 1 and token.kind == _COMMA:
            return True
    return False


def closing(tokens: tuple[Token, ...], start: int) -> int:
    """The index of the parenthesis that closes the one at `start`."""
    depth = 0
    for index in range(start, len(tokens)):
        depth += (tokens[index].kind == _OPEN) - (tokens[index].kind == _CLOSE)
        if depth == 0:
            return index
    return len(tokens) - 1


def assemble(
    statement: ParsedStatement,
    body: Body,
    draft: Draft,
    columns: tuple[Column, ...],
    result: Result,
    page: PagePlan | None,
    *,
    changes: bool,
) -> Pieces:
    """The whole statement; `draft` is the text that `statement` was parsed from.

    Where it `changes` something and its result is one row, it fails by itself where that is not what it gives.
    """
    if not columns:
        return _joined(body.pieces(body.scan.span))
    row = _row(body, columns, result)
    if statement.shape is Shape.QUERY and (page is not None or not (changes and result in _SINGLE)):
        tail: Pieces = page.clauses(row.name) if page else ()
        query = body.pieces(body.scan.span)
        return _joined((f"SELECT {row.rendered} FROM (", *query, f") {row.alias}", *tail))
    materialized = " MATERIALIZED" if statement.shape is Shape.QUERY else ""
    common = _common(statement, body, draft, f"{row.alias} AS{materialized} (")
    return _joined((*common, ") ", _selection(row, result) if changes else f"SELECT {row.rendered} FROM {row.name}"))


def assemble_keyed(
    statement: ParsedStatement, body: Body, draft: Draft, columns: tuple[Column, ...], result: Result
) -> Pieces:
    """The statement that also writes its idempotency key and its answer: all of it happens, or nothing."""
    row = _row(body, columns, result)
    returning = "" if columns else " RETURNING 1"
    kept = f"coalesce(array_agg({row.rendered}), '{{}}')" if columns else "ARRAY[count(*)::text]"
    selection = _selection(row, result) if columns else f"SELECT count(*)::text FROM {row.name}"
    alias = row.alias if columns else row.name
    return _joined(
        (
            *_common(statement, body, draft, f"{alias} AS MATERIALIZED ("),
            f"{returning}), {row.key} AS ("
            "INSERT INTO queryport.idempotency_key (operation, key, request_hash, response, expires_at) "
            f"SELECT :__operation, :__key, :__hash, {kept}, now() + :__keep::interval FROM {row.name}) ",
            selection,
        )
    )


_SINGLE = frozenset({Result.ONE, Result.MAYBE, Result.VALUE})


@dataclass(frozen=True, slots=True)
class _Row:
    name: str
    alias: str
    rendered: str
    """The row as one JSON text."""
    key: str
    """A name for the query that writes the idempotency key."""


def _row(body: Body, columns: tuple[Column, ...], result: Result) -> _Row:
    name, key = _free_names(body.scan, columns, "q", "k")
    # The column of `value` is named here: the name of a bare placeholder's column changes with its cast.
    if result is Result.VALUE:
        return _Row(name, f"{name}(v)", f"to_json({name}.v)::text", key)
    return _Row(name, name, f"row_to_json({name})::text", key)


def _selection(row: _Row, result: Result) -> str:
    """The rows of a change. One that is to give a single row must not come about with another number of them.

    A scalar subquery refuses two rows (21000), and a negative LIMIT refuses none (2201W); see Operation.sql.
    """
    if result not in _SINGLE:
        return f"SELECT {row.rendered} FROM {row.name}"
    at_most_one = f"SELECT (SELECT {row.rendered} FROM {row.name})"
    return at_most_one if result is Result.MAYBE else f"{at_most_one} LIMIT 2 * (SELECT count(*) FROM {row.name}) - 1"


def _common(statement: ParsedStatement, body: Body, draft: Draft, opening: str) -> Pieces:
    """`WITH … AS (` and the statement; the author's own WITH is drawn out of it where its queries may write."""
    span = body.scan.span
    if statement.last_common_table is None or statement.shape is Shape.QUERY:
        return (f"WITH {opening}", *body.pieces(span))
    main = _main_start(body.scan.tokens, draft.origin(statement.last_common_table))
    common = body.pieces(Span(span.start, body.scan.tokens[main - 1].end))
    written = body.pieces(Span(body.scan.tokens[main].start, span.end))
    return (*common, f", {opening}", *written)


_VERBS = frozenset({TokenKind.SELECT, TokenKind.INSERT, TokenKind.UPDATE, TokenKind.DELETE_P, TokenKind.MERGE, TokenKind.VALUES, TokenKind.TABLE, _OPEN})


def _main_start(tokens: tuple[Token, ...], last_common_table: int) -> int:
    """The index of the token behind the WITH clause whose last query's name stands at an offset."""
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
    """Names that nothing in the statement has: a column of the row's name would hide the row."""
    taken = {token.text.strip('"').lower() for token in scan.tokens} | {column.name.lower() for column in columns}
    return [
        next(name for name in (base, *(f"{base}{number}" for number in range(1, len(taken) + 2))) if name not in taken)
        for base in wanted
    ]


def _joined(pieces: Pieces) -> Pieces:
    """Neighbouring texts as one."""
    joined: list[str | Choice] = []
    for piece in pieces:
        if isinstance(piece, str) and joined and isinstance(joined[-1], str):
            joined[-1] += piece
        elif piece != "":
            joined.append(piece)
    return tuple(joined)


def whole_text(pieces: Pieces, *, present: bool) -> str:
    """The statement of a call that gives every parameter, or of one that gives none that it may leave out."""
    return "".join(
        piece if isinstance(piece, str) else (piece.present if present else piece.absent) for piece in pieces
    )
