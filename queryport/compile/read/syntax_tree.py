"""Questions to a statement's syntax tree, which is PostgreSQL's own by libpg_query."""

from collections.abc import Iterator
from typing import Any

import postgast
from postgast.pg_query_pb2 import A_Expr_Kind, BoolExprType

Node = Any
"""A message of postgast's protobuf tree, whose generated stub cannot be type-checked."""

WRITES = frozenset({"InsertStmt", "UpdateStmt", "DeleteStmt", "MergeStmt"})


def output_stars(node: Node) -> Iterator[Node]:
    """The `*` and `table.*` among a statement's output columns whose columns a table decides."""
    returning = node_name(node) in WRITES
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


def node_name(node: Node) -> str:
    return str(type(node).DESCRIPTOR.name)
