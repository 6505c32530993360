"""Which output columns can be NULL: what the catalogue's NOT NULL is worth once joins and grouping are done with it.

Errs to one side: a column that is said not to be null never is; one that is said to be nullable may in truth never be.
"""

from collections.abc import Iterator

import postgast
from postgast.pg_query_pb2 import JoinType, SubLinkType

from queryport.compile.describe.database import Column, Database
from queryport.compile.read.syntax_tree import Node, leftmost_select, node_name


def nullable_columns(database: Database, node: Node, columns: tuple[Column, ...]) -> tuple[bool, ...]:
    """For each output column of a statement, whether it can be NULL."""
    names = [node_name(inner) for _, inner in postgast.walk(node)]
    trusted = "GroupingSet" not in names  # ROLLUP, CUBE and GROUPING SETS make NULLs of grouped columns
    weakened = _weakened_tables(database, node)
    expressions = _expressions(node, len(columns))
    return tuple(
        not (
            (trusted and column.table_oid not in weakened and _stored_not_null(database, column, expression))
            or (expression is not None and _never_null(expression))
        )
        for column, expression in zip(columns, expressions, strict=True)
    )


def _stored_not_null(database: Database, column: Column, expression: Node | None) -> bool:
    if not column.table_oid:
        return False
    if expression is not None and _is_before_or_after(expression):
        return False
    attribute = database.attributes(column.table_oid).get(column.table_column)
    return attribute is not None and (attribute.not_null or database.type(attribute.type_oid).not_null)


def _is_before_or_after(expression: Node) -> bool:
    """`old.x` and `new.x` in RETURNING: one of the two rows does not exist for an INSERT or a DELETE."""
    if node_name(expression) != "ColumnRef" or len(expression.fields) < 2:
        return False
    return expression.fields[0].string.sval in ("old", "new")


def _weakened_tables(database: Database, node: Node) -> frozenset[int]:
    """The tables that stand on the side of an outer join that is filled with NULLs, at any depth."""
    common = {
        inner.ctename: inner.ctequery for _, inner in postgast.walk(node) if node_name(inner) == "CommonTableExpr"
    }
    found: set[int] = set()
    for side in _filled_sides(node):
        found |= {oid for oid in _tables(database, side, common, frozenset()) if oid}
    return frozenset(found)


def _filled_sides(node: Node) -> Iterator[Node]:
    for _, inner in postgast.walk(node):
        match node_name(inner):
            case "JoinExpr":
                if inner.jointype in (JoinType.JOIN_LEFT, JoinType.JOIN_FULL):
                    yield inner.rarg
                if inner.jointype in (JoinType.JOIN_RIGHT, JoinType.JOIN_FULL):
                    yield inner.larg
            case "MergeStmt":
                # WHEN NOT MATCHED BY SOURCE has no source row.
                yield inner.source_relation


def _tables(database: Database, node: Node, common: dict[str, Node], inside: frozenset[str]) -> Iterator[int | None]:
    for _, inner in postgast.walk(node):
        if node_name(inner) != "RangeVar":
            continue
        if not inner.schemaname and inner.relname in common:
            if inner.relname not in inside:
                yield from _tables(database, common[inner.relname], common, inside | {inner.relname})
        else:
            yield database.relation(inner.schemaname, inner.relname)


def _expressions(node: Node, count: int) -> list[Node | None]:
    """The expression of each output column, where the statement's own list has one for each."""
    if node_name(node) == "SelectStmt":
        select = leftmost_select(node)
        targets = select.target_list if select is node else []
    else:
        targets = node.returning_clause.exprs
    values = [postgast.unwrap_node(target.res_target.val) for target in targets]
    return list(values) if len(values) == count else [None] * count


_NEVER_NULL = frozenset(
    {
        *("clock_timestamp", "now", "statement_timestamp", "transaction_timestamp"),
        *("concat", "count", "cume_dist", "dense_rank", "percent_rank", "rank", "row_number"),
        *("gen_random_uuid", "random", "uuidv4", "uuidv7"),
        *("json_build_array", "json_build_object", "jsonb_build_array", "jsonb_build_object"),
    }
)
_NULL_OF_NULL = frozenset({"array_to_json", "concat_ws", "lower", "row_to_json", "to_json", "to_jsonb", "upper"})


def _never_null(node: Node) -> bool:
    match node_name(node):
        case "A_Const":
            return not node.isnull
        case "NullTest" | "BooleanTest" | "A_ArrayExpr" | "RowExpr" | "SQLValueFunction":
            return True
        case "SubLink":
            return node.sub_link_type in (SubLinkType.EXISTS_SUBLINK, SubLinkType.ARRAY_SUBLINK)
        case "TypeCast":
            return _never_null(postgast.unwrap_node(node.arg))
        case "CoalesceExpr":
            return any(_never_null(postgast.unwrap_node(argument)) for argument in node.args)
        case "CaseExpr":
            results = [postgast.unwrap_node(when.case_when.result) for when in node.args]
            return node.HasField("defresult") and all(
                _never_null(result) for result in [*results, postgast.unwrap_node(node.defresult)]
            )
        case "FuncCall":
            name = node.funcname[-1].string.sval
            return name in _NEVER_NULL or (
                name in _NULL_OF_NULL and all(_never_null(postgast.unwrap_node(argument)) for argument in node.args)
            )
    return False
