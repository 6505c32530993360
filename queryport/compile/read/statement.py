"""What the syntax tree says about a statement: its kind, whether it reads only, and what it must not do.

The tree is PostgreSQL's own, by libpg_query. Nothing here asks a database; the names of the functions that a statement
calls are handed on for the one question that only the catalogue can answer, whether they write.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import postgast
from postgast.pg_query_pb2 import A_Expr_Kind, BoolExprType

from queryport.compile.read.scan import Draft, Scan, character_offset
from queryport.diagnostics.source import Problem, Source, Span

Node = Any
"""A message of postgast's protobuf tree, whose generated stub cannot be type-checked."""


class Shape(StrEnum):
    QUERY = "query"  # SELECT, VALUES, TABLE: its rows can stand in FROM
    WRITE = "write"  # INSERT, UPDATE, DELETE, MERGE, or a SELECT that has one of them in WITH
    UTILITY = "utility"  # everything else: CALL, DDL, REFRESH, NOTIFY …


@dataclass(frozen=True, slots=True)
class ParsedStatement:
    """One parsed statement; positions are those of the text that was parsed."""

    node: Node
    shape: Shape
    returns_rows: bool
    """False for a write without RETURNING; for a utility PostgreSQL has to be asked."""
    locks_or_writes: bool
    functions: frozenset[str]
    last_common_table: int | None
    """Where the name of the last query in the outermost WITH stands, if there is one."""
    defines: bool = False
    """It makes or changes something that later statements of the file may need in order to be prepared."""


def split(source: Source, scan: Scan, draft: Draft) -> tuple[list[Scan], list[Problem]]:
    """The statements of a file, whose placeholders are `$n` in `draft`, each with the numbers beginning anew."""
    try:
        tree = postgast.parse(draft.text)
    except postgast.PgQueryError as error:
        at = draft.origin(character_offset(draft.text, error.cursorpos - 1))
        return [], [source.problem("QP201", word_at(source, at), error.message, "PostgreSQL reads up to there")]
    parts = []
    for found in tree.stmts:
        start = draft.origin(character_offset(draft.text, found.stmt_location))
        length = character_offset(draft.text, found.stmt_location + found.stmt_len) if found.stmt_len else None
        parts.append(scan.part(start, scan.span.end if length is None else draft.origin(length)))
    if not parts:
        span = Span(scan.span.start, scan.span.start + 1)
        return [], [source.problem("QP001", span, "there is no statement", "write one, or delete the file")]
    return parts, []


def parse(source: Source, draft: Draft, *, in_transaction: bool) -> tuple[ParsedStatement | None, list[Problem]]:
    """Parses a statement whose placeholders are `$n` and checks what may not be in an operation."""
    tree = postgast.parse(draft.text)

    def place(byte_offset: int) -> Span:
        return word_at(source, draft.origin(character_offset(draft.text, max(0, byte_offset))))

    start = draft.origin(len(draft.text) - len(draft.text.lstrip()))
    wrapper = tree.stmts[0].stmt
    kind = wrapper.WhichOneof("node")
    node = postgast.unwrap_node(wrapper)
    refused = _REFUSED.get(kind)
    if refused is not None and not (in_transaction and _lasts_for_the_transaction(node, kind)):
        code, message, cure = refused
        return None, [source.problem(code, word_at(source, start), message, cure)]
    problems = [
        source.problem(
            "QP210",
            place(change.relation.location),
            f"this {name} has no WHERE and would change every row",
            "add the condition; if every row is meant, say so with `WHERE true`",
        )
        for change, name in _unconditional(node)
    ]
    return _statement(node, kind), problems


def _statement(node: Node, kind: str) -> ParsedStatement:
    writes_in_with = any(node_name(inner) in _WRITES for _, inner in postgast.walk(node) if inner is not node)
    into = kind == "select_stmt" and node.HasField("into_clause")
    if kind in _WRITE_KINDS:
        shape = Shape.WRITE
        returns_rows = len(node.returning_clause.exprs) > 0
    elif kind == "select_stmt" and not into:
        shape = Shape.WRITE if writes_in_with else Shape.QUERY
        returns_rows = True
    else:
        shape, returns_rows = Shape.UTILITY, False
    locks = any(node_name(inner) == "LockingClause" for _, inner in postgast.walk(node))
    with_clause = node.with_clause if shape is not Shape.UTILITY and node.HasField("with_clause") else None
    return ParsedStatement(
        node=node,
        shape=shape,
        returns_rows=returns_rows,
        locks_or_writes=shape is not Shape.QUERY or locks,
        functions=frozenset(_functions(node)),
        last_common_table=with_clause.ctes[-1].common_table_expr.location if with_clause else None,
        defines=into or kind in _SCHEMA_OBJECTS,
    )


def _lasts_for_the_transaction(node: Node, kind: str) -> bool:
    """What has no effect in a statement by itself, but has one on those that follow in the same transaction."""
    return kind in ("lock_stmt", "constraints_set_stmt") or (kind == "variable_set_stmt" and bool(node.is_local))


def output_stars(node: Node) -> Iterator[Node]:
    """The `*` and `table.*` among a statement's output columns whose columns a table decides."""
    returning = node_name(node) in _WRITES
    targets = node.returning_clause.exprs if returning else leftmost_select(node).target_list
    if not returning and not _reads_a_table(leftmost_select(node), _common_tables(node)):
        return
    for target in targets:
        value = target.res_target.val
        if value.WhichOneof("node") == "column_ref" and value.column_ref.fields[-1].WhichOneof("node") == "a_star":
            yield value.column_ref


def equated_columns(node: Node) -> frozenset[str]:
    """The columns, by name alone, that the query's own WHERE holds to one value: `column = :a` among its conditions."""
    if not node.HasField("where_clause"):
        return frozenset()
    where = postgast.unwrap_node(node.where_clause)
    is_list = node_name(where) == "BoolExpr" and where.boolop == BoolExprType.AND_EXPR
    conditions = [postgast.unwrap_node(part) for part in where.args] if is_list else [where]
    names = set()
    for condition in conditions:
        if (
            node_name(condition) == "A_Expr"
            and condition.kind == A_Expr_Kind.AEXPR_OP
            and [part.string.sval for part in condition.name] == ["="]
        ):
            sides = [postgast.unwrap_node(condition.lexpr), postgast.unwrap_node(condition.rexpr)]
            for column, value in (sides, reversed(sides)):
                if node_name(column) == "ColumnRef" and node_name(value) in ("ParamRef", "A_Const", "TypeCast"):
                    names.add(column.fields[-1].string.sval)
    return frozenset(names)


def leftmost_select(select: Node) -> Node:
    """The SELECT that names the columns: of a UNION, its first."""
    while select.HasField("larg"):
        select = select.larg
    return select


def _common_tables(node: Node) -> frozenset[str]:
    return frozenset(entry.common_table_expr.ctename for entry in node.with_clause.ctes)


def _reads_a_table(select: Node, common_tables: frozenset[str]) -> bool:
    for item in select.from_clause:
        for _, inner in postgast.walk(item):
            if node_name(inner) == "RangeVar" and (inner.schemaname or inner.relname not in common_tables):
                return True
    return False


def _unconditional(node: Node) -> Iterator[tuple[Node, str]]:
    for _, inner in postgast.walk(node):
        if node_name(inner) in ("UpdateStmt", "DeleteStmt") and not inner.HasField("where_clause"):
            yield inner, "UPDATE" if node_name(inner) == "UpdateStmt" else "DELETE"


def _functions(node: Node) -> Iterator[str]:
    for _, inner in postgast.walk(node):
        if node_name(inner) == "FuncCall":
            yield inner.funcname[-1].string.sval


def node_name(node: Node) -> str:
    return str(type(node).DESCRIPTOR.name)


def word_at(source: Source, start: int) -> Span:
    """The word that begins at an offset, so that the caret underlines it."""
    end = start
    while end < len(source.text) and (source.text[end].isalnum() or source.text[end] in "_:"):
        end += 1
    return Span(start, max(end, start + 1))


_WRITES = frozenset({"InsertStmt", "UpdateStmt", "DeleteStmt", "MergeStmt"})
_WRITE_KINDS = frozenset({"insert_stmt", "update_stmt", "delete_stmt", "merge_stmt"})

_SCHEMA_OBJECTS = frozenset(
    {
        *("create_stmt", "create_table_as_stmt", "view_stmt", "index_stmt", "create_function_stmt", "create_seq_stmt"),
        *("create_enum_stmt", "composite_type_stmt", "create_domain_stmt", "create_range_stmt", "create_schema_stmt"),
        *("alter_table_stmt", "alter_enum_stmt", "alter_domain_stmt", "rename_stmt", "drop_stmt", "create_trig_stmt"),
        *("define_stmt", "variable_set_stmt"),
    }
)

_SESSION = "the RDS Data API gives every call a clean session, so this would have no effect"
_TRANSACTION = "every operation is a transaction of its own already"
_REFUSED: dict[str, tuple[str, str, str]] = {
    "copy_stmt": (
        "QP204",
        "COPY needs a connection of its own, and the RDS Data API has none",
        "take rows in as one jsonb parameter with jsonb_to_recordset, and give them out with SELECT",
    ),
    "listen_stmt": ("QP205", "LISTEN waits on a connection, and the RDS Data API has none", "poll a table instead"),
    "unlisten_stmt": ("QP205", "UNLISTEN ends what no operation can begin", "delete the file"),
    "transaction_stmt": ("QP206", f"transaction control: {_TRANSACTION}", "delete it"),
    "constraints_set_stmt": ("QP206", f"SET CONSTRAINTS: {_TRANSACTION}", "declare the constraint as it should be"),
    "lock_stmt": (
        "QP206",
        f"LOCK TABLE would be released at once: {_TRANSACTION}",
        "lock rows with SELECT … FOR UPDATE",
    ),
    "variable_set_stmt": (
        "QP207",
        _SESSION,
        "set it for the role with ALTER ROLE … SET, or in the statement with set_config(…, true)",
    ),
    "prepare_stmt": ("QP207", _SESSION, "put the statement itself into the file"),
    "execute_stmt": ("QP207", "no prepared statement outlives its call", "put the statement itself into the file"),
    "deallocate_stmt": ("QP207", _SESSION, "delete the file"),
    "declare_cursor_stmt": ("QP207", "no cursor outlives its call", "page through the rows with `page:`"),
    "fetch_stmt": ("QP207", "no cursor outlives its call", "page through the rows with `page:`"),
    "close_portal_stmt": ("QP207", "no cursor outlives its call", "delete the file"),
    "discard_stmt": ("QP207", _SESSION, "delete the file"),
    "load_stmt": ("QP207", _SESSION, "delete the file"),
    "explain_stmt": ("QP208", "EXPLAIN's rows cannot be rendered as JSON", "run EXPLAIN in psql"),
    "variable_show_stmt": (
        "QP208",
        "SHOW's row cannot be rendered as JSON",
        "write `SELECT current_setting('…') AS value`",
    ),
}
