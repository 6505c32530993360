"""Questions to a statement's syntax tree, which is PostgreSQL's own by libpg_query."""

from collections.abc import Iterator
from typing import Any

import postgast

SyntaxNode = Any
"""A message of postgast's protobuf tree, whose generated stub cannot be type-checked."""

WRITES = frozenset({"InsertStmt", "UpdateStmt", "DeleteStmt", "MergeStmt"})


def output_stars(node: SyntaxNode) -> Iterator[SyntaxNode]:
    """The `*` and `table.*` among a statement's output columns whose columns a table decides."""
    returning = node_name(node) in WRITES
    targets = node.returning_clause.exprs if returning else leftmost_select(node).target_list
    if not returning and not _reads_a_table(leftmost_select(node), _common_tables(node)):
        return
    for target in targets:
        value = target.res_target.val
        if value.WhichOneof("node") == "column_ref" and value.column_ref.fields[-1].WhichOneof("node") == "a_star":
            yield value.column_ref


def leftmost_select(select: SyntaxNode) -> SyntaxNode:
    """The SELECT that names the columns: of a UNION, its first."""
    while select.HasField("larg"):
        select = select.larg
    return select


def _common_tables(node: SyntaxNode) -> frozenset[str]:
    return frozenset(entry.common_table_expr.ctename for entry in node.with_clause.ctes)


def _reads_a_table(select: SyntaxNode, common_tables: frozenset[str]) -> bool:
    for item in select.from_clause:
        for _, inner in postgast.walk(item):
            if node_name(inner) == "RangeVar" and (inner.schemaname or inner.relname not in common_tables):
                return True
    return False


def node_name(node: SyntaxNode) -> str:
    return str(type(node).DESCRIPTOR.name)
