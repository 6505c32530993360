"""Reports what PostgreSQL accepts and its author can hardly have meant: warnings, which a file can silence."""

import re
from collections.abc import Iterator

import postgast
from postgast.pg_query_pb2 import A_Expr_Kind
from postgast.pg_query_pb2 import Token as TokenKind

from queryport.compile.check.parts.optional_filters import conditions_joined_by_and, tested_placeholder
from queryport.compile.describe.typed_statement import TypedStatement
from queryport.compile.read.syntax_tree import SyntaxNode, leftmost_select, node_name
from queryport.compile.read.tokens import Placeholder
from queryport.diagnostics.source import Span

_IN_A_STRING = re.compile(r"(?<![A-Za-z0-9_:\]]):([A-Za-z_][A-Za-z0-9_]*)")


def check_suspicions(statement: TypedStatement, absentable: frozenset[str]) -> None:
    """Report the suspicious places of a statement; `absentable` are the parameters that a call may leave NULL."""
    _check_strings(statement)
    _check_aliases(statement)
    for _, node in postgast.walk(statement.parsed.node):
        match node_name(node):
            case "A_Expr" if node.kind == A_Expr_Kind.AEXPR_IN:
                _check_in(statement, node)
            case "SortBy":
                _check_order(statement, node)
            case "UpdateStmt" | "DeleteStmt" if node.HasField("where_clause"):
                _check_condition(statement, node, absentable)


def _check_strings(statement: TypedStatement) -> None:
    """`LIKE '%:q%'` and `= ':name'`: no placeholder is found in a string."""
    for token in statement.scan.tokens:
        found = _IN_A_STRING.search(token.text) if token.kind == TokenKind.SCONST and token.text[0] == "'" else None
        if found is None:
            continue
        before, behind = token.text[1 : found.start()], token.text[found.end() : -1]
        parts = [f"'{before}'" if before else "", f":{found[1]}", f"'{behind}'" if behind else ""]
        span = Span(token.start + found.start(), token.start + found.end())
        message = f"`{found[0]}` stands in a string, where it is text and no placeholder"
        statement.file.reporter.report("QP113", span, message, f"write `{' || '.join(filter(None, parts))}`")


def _check_aliases(statement: TypedStatement) -> None:
    """`SELECT name email`: without the comma, one column is called as another."""
    node = statement.parsed.node
    select = leftmost_select(node) if node_name(node) == "SelectStmt" else None
    for target in select.target_list if select is not None else ():
        output = target.res_target
        at = _bare_alias(statement, output) if output.name else None
        if at is not None and output.name in _columns(statement, select):
            message = f"`{output.name}` is a name for the column before it, and a column of the table too"
            cure = "write a comma between them, or AS if the name is meant"
            statement.file.reporter.report("QP305", at, message, cure)


def _bare_alias(statement: TypedStatement, output: SyntaxNode) -> Span | None:
    """Return where the name of an output column stands that is a column with a name behind it, without AS."""
    if node_name(postgast.unwrap_node(output.val)) != "ColumnRef":
        return None
    start = statement.draft.origin_of_byte(output.location)
    tokens = [token for token in statement.scan.tokens if token.start >= start]
    index = 1  # behind `a`, `t.a` or `s.t.a`
    while tokens[index].kind == ord("."):
        index += 2
    return None if tokens[index].kind == TokenKind.AS else Span(tokens[index].start, tokens[index].end)


def _columns(statement: TypedStatement, select: SyntaxNode) -> Iterator[str]:
    """Yield the names of the columns of the tables that stand in FROM."""
    database = statement.file.database
    for item in select.from_clause:
        for _, inner in postgast.walk(item):
            oid = database.relations.oid(inner.schemaname, inner.relname) if node_name(inner) == "RangeVar" else None
            if oid is not None:
                yield from (attribute.name for attribute in database.relations.attributes(oid).values())


def _check_in(statement: TypedStatement, node: SyntaxNode) -> None:
    """`IN (:ids)`: a list of one value."""
    items = postgast.unwrap_node(node.rexpr).items
    place = _placeholder(statement, items[0]) if len(items) == 1 else None
    if place is not None:
        message = f"`IN (:{place.name})` compares with one value"
        cure = f"for a list write `= ANY(:{place.name})`, for one value `= :{place.name}`"
        statement.file.reporter.report("QP112", place.span, message, cure)


def _check_order(statement: TypedStatement, node: SyntaxNode) -> None:
    """`ORDER BY :sort`: a value is the same for every row."""
    place = _placeholder(statement, node.node)
    if place is not None:
        message = f"`:{place.name}` is one value for all rows, which orders nothing"
        cure = f"a column cannot be a value: `ORDER BY CASE :{place.name} WHEN 'name' THEN name END`, for example"
        statement.file.reporter.report("QP214", place.span, message, cure)


def _check_condition(statement: TypedStatement, node: SyntaxNode, absentable: frozenset[str]) -> None:
    """A change whose conditions are all optional filters takes every row where a call gives none of them."""
    conditions = [postgast.unwrap_node(each) for each in conditions_joined_by_and(node.where_clause)]
    places = [tested_placeholder(statement, condition) for condition in conditions]
    if all(place is not None and place.name in absentable for place in places):
        verb = "UPDATE" if node_name(node) == "UpdateStmt" else "DELETE"
        at = statement.file.source.word(statement.draft.origin_of_byte(node.relation.location))
        message = f"a call without {_listed(places)} makes this {verb} change every row"
        cure = "leave one of the parameters required, or add a condition that always holds the rows back"
        statement.file.reporter.report("QP215", at, message, cure)


def _listed(places: list[Placeholder | None]) -> str:
    return " and ".join(f"`:{name}`" for name in dict.fromkeys(place.name for place in places if place is not None))


def _placeholder(statement: TypedStatement, wrapper: SyntaxNode) -> Placeholder | None:
    """Return the placeholder that an expression is, but for a cast."""
    node = postgast.unwrap_node(wrapper)
    if node_name(node) == "TypeCast":
        node = postgast.unwrap_node(node.arg)
    return statement.scan.placeholders[node.number - 1] if node_name(node) == "ParamRef" else None
