"""From the statement in the file to the statement that is sent.

Every placeholder gets the cast of its type, so that all values can travel as text; a statement that gives rows is
wrapped so that PostgreSQL renders each row as one JSON text; a filter `(:p IS NULL OR …)` is left out of a call that
gives no `p`, so that the planner sees only the conditions that count. Works on the text, token by token: what the
author wrote stays as it was written.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from postgast.pg_query_pb2 import Token as Kind

from handler.operation import Choice, Result
from queryport.compile.database import Column, Database
from queryport.compile.infer import without_comments
from queryport.compile.pages import PagePlan
from queryport.compile.scan import Draft, Edit, Placeholder, Scan, Token
from queryport.compile.source import Source, Span
from queryport.compile.statement import Shape, Statement

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
    if following is not None and following.kind == Kind.TYPECAST:
        return Edit(place.span, f":{place.name}")  # the author's own cast, whose type was inferred
    # In parentheses, because FETCH FIRST and what may follow (`[1]`, `.field`, a unit) take no bare cast.
    return Edit(place.span, f"(:{place.name}::{database.type(oid).sql_name})")


# A condition between these stands by itself in an AND list, so `true` can stand for it.
_BEFORE = frozenset({Kind.WHERE, Kind.AND, Kind.ON})
_AFTER = frozenset(
    {
        *(Kind.AND, ord(")"), ord(";"), Kind.ORDER, Kind.GROUP_P, Kind.HAVING, Kind.LIMIT, Kind.OFFSET, Kind.FETCH),
        *(Kind.FOR, Kind.WINDOW, Kind.RETURNING, Kind.UNION, Kind.INTERSECT, Kind.EXCEPT),
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
    if index < len(tokens) and tokens[index].kind == Kind.TYPECAST:
        while index < len(tokens) and tokens[index].kind not in (Kind.IS, _OPEN, _CLOSE, _COMMA):
            index += 1
    kinds = [token.kind for token in tokens[index : index + 3]]
    return index + 3 if kinds == [Kind.IS, Kind.NULL_P, Kind.OR] else None


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
    statement: Statement, body: Body, draft: Draft, columns: tuple[Column, ...], result: Result, page: PagePlan | None
) -> Pieces:
    """The whole statement; `draft` is the text that `statement` was parsed from."""
    span = body.scan.span
    if not columns:
        return _joined(body.pieces(span))
    row = _free_name(body.scan, columns)
    # The column of `value` is named here: the name of a bare placeholder's column changes with its cast.
    alias, rendered = (f"{row}(v)", f"to_json({row}.v)") if result is Result.VALUE else (row, f"row_to_json({row})")
    if statement.shape is Shape.QUERY:
        tail: Pieces = page.clauses(row) if page else ()
        return _joined((f"SELECT {rendered}::text FROM (", *body.pieces(span), f") {alias}", *tail))
    last = f") SELECT {rendered}::text FROM {row}"
    if statement.last_common_table is None:
        return _joined((f"WITH {alias} AS (", *body.pieces(span), last))
    # Queries that write have to stand in the outermost WITH, so the author's own come first.
    main = _main_start(body.scan.tokens, draft.origin(statement.last_common_table))
    common = body.pieces(Span(span.start, body.scan.tokens[main - 1].end))
    written = body.pieces(Span(body.scan.tokens[main].start, span.end))
    return _joined((*common, f", {alias} AS (", *written, last))


_VERBS = frozenset({Kind.SELECT, Kind.INSERT, Kind.UPDATE, Kind.DELETE_P, Kind.MERGE, Kind.VALUES, Kind.TABLE, _OPEN})


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


def _free_name(scan: Scan, columns: tuple[Column, ...]) -> str:
    """A name that nothing in the statement has: a column of the row's name would hide the row."""
    taken = {token.text.strip('"').lower() for token in scan.tokens} | {column.name.lower() for column in columns}
    return next(name for name in ("q", *(f"q{number}" for number in range(1, len(taken) + 2))) if name not in taken)


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
