"""Queries within queries: where a column of an analysed statement comes from.

A Scope is one query with the queries around it. PostgreSQL counts range table entries from 1 within their query and
names an outer query's by the number of levels between.
"""

from dataclasses import dataclass, field
from enum import IntEnum

from queryport.compile.analysis.tree.node_tree import Node, UnreadableTreeError, Value


class EntryKind(IntEnum):
    """RTEKind, which an entry of the range table is."""

    RELATION = 0
    SUBQUERY = 1
    JOIN = 2
    FUNCTION = 3
    VALUES = 5
    COMMON_TABLE = 6
    GROUP = 9


class Command(IntEnum):
    """CmdType."""

    SELECT = 1
    UPDATE = 2
    INSERT = 3
    DELETE = 4
    MERGE = 5


class JoinKind(IntEnum):
    """JoinType."""

    INNER = 0
    LEFT = 1
    FULL = 2
    RIGHT = 3


class SetOperation(IntEnum):
    """SetOperation."""

    UNION = 1
    INTERSECT = 2
    EXCEPT = 3


class SublinkKind(IntEnum):
    """SubLinkType."""

    EXISTS = 0
    ALL = 1
    ANY = 2
    EXPRESSION = 4
    ARRAY = 6


class ParameterKind(IntEnum):
    """ParamKind."""

    EXTERNAL = 0
    """A placeholder."""
    SUBLINK = 2
    """A column of the subquery in `x IN (SELECT …)`."""


ColumnId = tuple[int, int]
"""A range table entry and a column of it, each counted from 1."""


@dataclass(eq=False, slots=True)
class Scope:
    """A query and, outwards, the queries that it stands in."""

    query: Node
    outer: "Scope | None" = None
    entries: list[Node] = field(init=False)
    """The range table."""

    def __post_init__(self) -> None:
        if self.query.tag != "QUERY":
            raise UnreadableTreeError(f"expected a query, got {self.query.tag}")
        self.entries = self.query.nodes("rtable")

    def up(self, levels: int) -> "Scope":
        scope = self
        for _ in range(levels):
            if scope.outer is None:
                raise UnreadableTreeError("a column of a query outside of the statement")
            scope = scope.outer
        return scope

    def entry(self, index: int) -> Node:
        if not 0 < index <= len(self.entries):
            raise UnreadableTreeError(f"no range table entry {index}")
        return self.entries[index - 1]

    def common_table(self, entry: Node) -> "tuple[Scope, Node]":
        """Return the query whose WITH holds the common table that an entry reads, and the common table."""
        owner = self.up(entry.number("ctelevelsup"))
        for found in owner.query.nodes("cteList"):
            if found.text("ctename") == entry.text("ctename"):
                return owner, found
        raise UnreadableTreeError("no such common table")

    def origin(self, variable: Node) -> Node:
        """Follow a column of a join of this query to the expression that it stands for."""
        return self._follow(variable, 0)

    def column(self, variable: Node) -> ColumnId | None:
        """Return the column of this query that a variable names, perhaps from a query within it."""
        levels = variable.number("varlevelsup")
        origin = self._follow(variable, levels)
        if origin is not variable:
            levels = 0
        if origin.tag != "VAR" or origin.number("varlevelsup") != levels or origin.number("varattno") <= 0:
            return None
        return origin.number("varno"), origin.number("varattno")

    def _follow(self, variable: Node, levels: int) -> Node:
        while variable.tag == "VAR" and variable.number("varlevelsup") == levels:
            entry = self.entry(variable.number("varno"))
            if entry.number("rtekind") not in (EntryKind.JOIN, EntryKind.GROUP) or variable.numbers("varnullingrels"):
                return variable
            expressions = entry.nodes("joinaliasvars" if entry.number("rtekind") == EntryKind.JOIN else "groupexprs")
            column = variable.number("varattno")
            if not 0 < column <= len(expressions):
                return variable
            variable, levels = expressions[column - 1], 0
        return variable

    def is_target(self, index: int) -> bool:
        """Whether an entry is the table that the query writes to."""
        return self.query.number("commandType") != Command.SELECT and self.query.number("resultRelation") == index


def outputs(query: Node) -> list[Node]:
    """Return the entries of a query's output columns."""
    targets = query.nodes("targetList" if query.number("commandType") == Command.SELECT else "returningList")
    return [target for target in targets if not target.flag("resjunk")]


def gives_one_row(query: Node) -> bool:
    """Whether a query gives one row whatever its tables hold: it has no FROM, or aggregates without GROUP BY."""
    if (
        query.number("commandType") != Command.SELECT
        or query.flag("hasTargetSRFs")
        or any(query.has(part) for part in ("setOperations", "limitCount", "limitOffset", "havingQual"))
        or any(query.nodes(part) for part in ("groupClause", "groupingSets"))
    ):
        return False
    join_tree = query.node("jointree")
    return query.flag("hasAggs") or (not join_tree.nodes("fromlist") and not join_tree.has("quals"))


def conjuncts(condition: Node | None) -> list[Node]:
    """Return the conditions that hold wherever `condition` is true."""
    if condition is None:
        return []
    if condition.tag == "BOOLEXPR" and condition.text("boolop") == "and":
        return [inner for argument in condition.nodes("args") for inner in conjuncts(argument)]
    return [condition]


def joined(item: Node) -> frozenset[int]:
    """Return the range table entries below an item of FROM; what its conditions select from is none of them."""
    match item.tag:
        case "RANGETBLREF":
            return frozenset({item.number("rtindex")})
        case "JOINEXPR":
            return joined(item.node("larg")) | joined(item.node("rarg"))
        case "FROMEXPR":
            return frozenset[int]().union(*(joined(inner) for inner in item.nodes("fromlist")))
    raise UnreadableTreeError(f"{item.tag} in FROM")


def columns_read(value: Value, depth: int = 0) -> frozenset[int]:
    """Return the range table entries of a query whose columns are read in `value`, `depth` queries further in."""
    found: set[int] = set()
    pending: list[tuple[Value, int]] = [(value, depth)]
    while pending:
        item, level = pending.pop()
        if isinstance(item, tuple):
            pending.extend((inner, level) for inner in item)
        elif isinstance(item, Node):
            if item.tag == "VAR" and item.number("varlevelsup") == level:
                found.add(item.number("varno"))
            within = level + 1 if item.tag == "QUERY" else level
            pending.extend((inner, within) for _, inner in item.fields())
    return frozenset(found)
