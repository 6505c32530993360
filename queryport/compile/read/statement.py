"""Parses a statement: its shape, whether it reads only, and what it must not do.

The tree is PostgreSQL's own, by libpg_query. Nothing here asks a database.
"""

from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import NamedTuple

import postgast

from queryport.compile.read.draft import Draft
from queryport.compile.read.refused_statements import REFUSED_STATEMENTS
from queryport.compile.read.syntax_errors import report_syntax_error
from queryport.compile.read.syntax_tree import WRITES, SyntaxNode, node_name
from queryport.compile.read.tokens import Scan
from queryport.diagnostics.reporter import Reporter
from queryport.diagnostics.source import Span


class Shape(StrEnum):
    QUERY = "query"  # SELECT, VALUES, TABLE: its rows can stand in FROM
    WRITE = "write"  # INSERT, UPDATE, DELETE, MERGE, or a SELECT that has one of them in WITH
    UTILITY = "utility"  # everything else: CALL, DDL, REFRESH, NOTIFY …


class ParsedStatement(NamedTuple):
    """One parsed statement."""

    node: SyntaxNode
    draft: Draft
    """The text that was parsed, which the positions in `node` count the bytes of."""
    shape: Shape
    returns_rows: bool
    """False for a write without RETURNING; for a utility PostgreSQL has to be asked."""
    locks_or_writes: bool
    last_common_table: int | None
    """The offset in the file of the name of the last query in the outermost WITH, if there is one."""
    defines: bool = False
    """It makes or changes a schema object or a setting that later statements may need in order to be prepared."""


def split(reporter: Reporter, scan: Scan, draft: Draft) -> tuple[Scan, ...]:
    """Split a file, whose placeholders are `$n` in `draft`, into its statements; each begins its numbers anew."""
    try:
        tree = postgast.parse(draft.text)
    except postgast.PgQueryError as error:
        report_syntax_error(reporter, scan, draft.origin(max(0, error.cursorpos - 1)), error.message)
        return ()
    statements = []
    for found in tree.stmts:
        start = draft.origin_of_byte(found.stmt_location)
        end = draft.origin_of_byte(found.stmt_location + found.stmt_len) if found.stmt_len else scan.span.end
        statements.append(scan.part(start, end))
    if not statements:
        span = Span(scan.span.start, scan.span.start + 1)
        reporter.report("QP001", span, "there is no statement", "write one, or delete the file")
    return tuple(statements)


def parse(reporter: Reporter, scan: Scan, draft: Draft, *, in_transaction: bool) -> ParsedStatement | None:
    """Parse a statement whose placeholders are `$n`; None, and a report, for one that no operation can be."""
    source = reporter.source
    try:
        wrapper = postgast.parse(draft.text).stmts[0].stmt
    except postgast.PgQueryError as error:  # what a reference to a row has made of it
        report_syntax_error(reporter, scan, draft.origin(max(0, error.cursorpos - 1)), error.message)
        return None
    kind = wrapper.WhichOneof("node")
    node = postgast.unwrap_node(wrapper)
    refused = REFUSED_STATEMENTS.get(kind)
    if refused is not None and not (in_transaction and _lasts_for_the_transaction(node, kind)):
        code, message, cure = refused
        start = draft.origin(len(draft.text) - len(draft.text.lstrip()))
        reporter.report(code, source.word(start), message, cure)
        return None
    parts = [(node_name(part), part) for _, part in postgast.walk(node)]
    for change, name in _unconditional(parts):
        place = source.word(draft.origin_of_byte(change.relation.location))
        message = f"this {name} has no WHERE and would change every row"
        reporter.report("QP210", place, message, "add the condition; if every row is meant, say so with `WHERE true`")
    return _parsed(node, kind, draft, parts)


def _parsed(node: SyntaxNode, kind: str, draft: Draft, parts: Sequence[tuple[str, SyntaxNode]]) -> ParsedStatement:
    writes_in_with = any(name in WRITES for name, _ in parts[1:])
    into = kind == "select_stmt" and node.HasField("into_clause")
    if kind in _WRITE_KINDS:
        shape = Shape.WRITE
        returns_rows = len(node.returning_clause.exprs) > 0
    elif kind == "select_stmt" and not into:
        shape = Shape.WRITE if writes_in_with else Shape.QUERY
        returns_rows = True
    else:
        shape, returns_rows = Shape.UTILITY, False
    locks = any(name == "LockingClause" for name, _ in parts)
    with_clause = node.with_clause if shape is not Shape.UTILITY and node.HasField("with_clause") else None
    return ParsedStatement(
        node=node,
        draft=draft,
        shape=shape,
        returns_rows=returns_rows,
        locks_or_writes=shape is not Shape.QUERY or locks,
        last_common_table=draft.origin_of_byte(with_clause.ctes[-1].common_table_expr.location)
        if with_clause
        else None,
        defines=into or kind in _SCHEMA_OBJECTS,
    )


def _lasts_for_the_transaction(node: SyntaxNode, kind: str) -> bool:
    """Return whether a statement without effect by itself affects the rest of its transaction."""
    return kind in ("lock_stmt", "constraints_set_stmt") or (kind == "variable_set_stmt" and bool(node.is_local))


def _unconditional(parts: Sequence[tuple[str, SyntaxNode]]) -> Iterator[tuple[SyntaxNode, str]]:
    for name, part in parts:
        if name in ("UpdateStmt", "DeleteStmt") and not part.HasField("where_clause"):
            yield part, "UPDATE" if name == "UpdateStmt" else "DELETE"


_WRITE_KINDS = frozenset({"insert_stmt", "update_stmt", "delete_stmt", "merge_stmt"})

_SCHEMA_OBJECTS = frozenset(
    {
        *("create_stmt", "create_table_as_stmt", "view_stmt", "index_stmt", "create_function_stmt", "create_seq_stmt"),
        *("create_enum_stmt", "composite_type_stmt", "create_domain_stmt", "create_range_stmt", "create_schema_stmt"),
        *("alter_table_stmt", "alter_enum_stmt", "alter_domain_stmt", "rename_stmt", "drop_stmt", "create_trig_stmt"),
        *("define_stmt", "variable_set_stmt"),
    }
)
