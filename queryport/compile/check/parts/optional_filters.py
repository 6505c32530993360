"""Finds optional filters: a condition `(:p IS NULL OR …)` is left out of a call that gives no `p`.

The planner then sees only the conditions that count. Such a condition is one of those that AND joins in a WHERE or an
ON, and it is true whenever `p` is NULL: its first alternative is a null test of the placeholder, or of a cast of it
that PostgreSQL was seen to turn NULL into NULL.
"""

from collections.abc import Iterator

import postgast
from postgast.pg_query_pb2 import BoolExprType, NullTestType

from queryport.compile.check.parts.stretches import deparsed_with
from queryport.compile.describe.typed_statement import TypedStatement
from queryport.compile.read.syntax_tree import SyntaxNode, node_name
from queryport.compile.read.tokens import Placeholder, closing
from queryport.diagnostics.source import Span

_OPEN = ord("(")


def optional_filters(statement: TypedStatement, absentable: frozenset[str]) -> list[tuple[Span, str]]:
    """Return the stretches of the file that are optional filters of parameters in `absentable`, with the parameter.

    Of nested ones the outermost is meant. They are in the order of the file.
    """
    if not absentable & {place.name for place in statement.scan.placeholders}:
        return []
    found: list[tuple[Span, str]] = []
    tree = postgast.parse(statement.draft.text)
    for condition in list(_conditions(postgast.unwrap_node(tree.stmts[0].stmt))):
        place = tested_placeholder(statement, postgast.unwrap_node(condition))
        if place is not None and place.name in absentable:
            span = _span(statement, tree, condition)
            if span is not None:
                found.append((span, place.name))
    return [
        (span, name)
        for span, name in sorted(found)
        if not any(other.start < span.start and span.end < other.end for other, _ in found)
    ]


def _conditions(node: SyntaxNode) -> Iterator[SyntaxNode]:
    """Yield what AND joins in each WHERE and ON, at any depth of the statement."""
    for _, inner in postgast.walk(node):
        match node_name(inner):
            case "SelectStmt" | "UpdateStmt" | "DeleteStmt" if inner.HasField("where_clause"):
                yield from conditions_joined_by_and(inner.where_clause)
            case "JoinExpr" if inner.HasField("quals"):
                yield from conditions_joined_by_and(inner.quals)


def conditions_joined_by_and(wrapper: SyntaxNode) -> Iterator[SyntaxNode]:
    """Yield the conditions that AND joins in one, each in its wrapper."""
    condition = postgast.unwrap_node(wrapper)
    if node_name(condition) == "BoolExpr" and condition.boolop == BoolExprType.AND_EXPR:
        for part in condition.args:
            yield from conditions_joined_by_and(part)
    else:
        yield wrapper


def tested_placeholder(statement: TypedStatement, condition: SyntaxNode) -> Placeholder | None:
    """Return the placeholder whose being NULL makes the condition true."""
    if node_name(condition) != "BoolExpr" or condition.boolop != BoolExprType.OR_EXPR:
        return None
    test = postgast.unwrap_node(condition.args[0])
    if node_name(test) != "NullTest" or test.nulltesttype != NullTestType.IS_NULL:
        return None
    tested = postgast.unwrap_node(test.arg)
    parameter = postgast.unwrap_node(tested.arg) if node_name(tested) == "TypeCast" else tested
    if node_name(parameter) != "ParamRef":
        return None
    database = statement.file.database
    inferred = database.types[statement.inference.oids[parameter.number - 1]].sql_name
    written = inferred if tested is parameter else _type_name(tested)
    return (
        statement.scan.placeholders[parameter.number - 1] if database.conversions.casts_null_to_null(written) else None
    )


def _type_name(cast: SyntaxNode) -> str:
    """Return the type of a cast as SQL, with its modifier."""
    tree = postgast.parse("SELECT NULL::text")
    target = tree.stmts[0].stmt.select_stmt.target_list[0].res_target.val
    target.type_cast.type_name.CopyFrom(cast.type_name)
    return postgast.deparse(tree).removeprefix("SELECT NULL::")


def _span(statement: TypedStatement, tree: SyntaxNode, condition: SyntaxNode) -> Span | None:
    """Return the parentheses that hold a condition and nothing else.

    They do if the statement with `true` in their place is the one that has `true` for the condition in its tree.
    """
    tokens = statement.scan.tokens
    at = statement.draft.origin_of_byte(postgast.unwrap_node(condition).location)
    written = type(condition)()
    written.CopyFrom(condition)
    condition.CopyFrom(_TRUE)
    wanted = postgast.deparse(tree)
    condition.CopyFrom(written)
    pairs = [(start, closing(tokens, start)) for start, token in enumerate(tokens) if token.kind == _OPEN]
    for start, close in reversed(pairs):
        span = Span(tokens[start].start, tokens[close].end)
        # The parentheses of a list or a subquery leave no SQL.
        if span.start < at < span.end and deparsed_with(statement, span, "true") == wanted:
            return span
    return None


_TRUE = postgast.parse("SELECT true").stmts[0].stmt.select_stmt.target_list[0].res_target.val
