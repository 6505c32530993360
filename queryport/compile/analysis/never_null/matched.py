"""The columns that outer joins fill with NULLs, where those are not all that they might.

`LEFT JOIN LATERAL (SELECT count(*) …) ON true` always has its one row. Of the two sides of a FULL JOIN one has a row,
so that `coalesce(a.id, b.id)` over it is never NULL.
"""

from collections.abc import Iterator

from queryport.compile.analysis.tree.node_tree import Node
from queryport.compile.analysis.tree.scope import EntryKind, JoinKind, Scope, gives_one_row, joined

_BOOLEAN = 16


class Matched:
    """Judges the joins of one query."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._joins = {join.number("rtindex"): join for join in _joins(scope.query.node("jointree"))}
        self._always = frozenset(index for index, join in self._joins.items() if self._always_matches(join))

    def filled_by(self, variable: Node) -> frozenset[int]:
        """Return the joins, by their range table entries, that may fill a column with NULL."""
        return frozenset(variable.numbers("varnullingrels")) - self._always

    def has_both_sides(self, join: int, entries: frozenset[int]) -> bool:
        """Whether an entry of each of the join's sides is among `entries`, which it may all fill: it is a FULL JOIN."""
        found = self._joins.get(join)
        return found is not None and all(joined(found.node(side)) & entries for side in ("larg", "rarg"))

    def _always_matches(self, join: Node) -> bool:
        """Whether an outer join's other side has a row whatever its own side is."""
        sides = {JoinKind.LEFT: "rarg", JoinKind.RIGHT: "larg"}
        condition, kind = join.maybe("quals"), JoinKind(join.number("jointype"))
        if kind not in sides or not (condition is None or _is_true(condition)):
            return False
        side = join.node(sides[kind])
        if side.tag != "RANGETBLREF":
            return False
        entry = self._scope.entry(side.number("rtindex"))
        if entry.number("rtekind") == EntryKind.VALUES:
            return True
        return entry.number("rtekind") == EntryKind.SUBQUERY and gives_one_row(entry.node("subquery"))


def _is_true(condition: Node) -> bool:
    return (
        condition.tag == "CONST"
        and condition.number("consttype") == _BOOLEAN
        and not condition.flag("constisnull")
        and any(condition.bytes("constvalue"))
    )


def _joins(item: Node) -> Iterator[Node]:
    if item.tag == "FROMEXPR":
        for inner in item.nodes("fromlist"):
            yield from _joins(inner)
    elif item.tag == "JOINEXPR":
        yield item
        yield from _joins(item.node("larg"))
        yield from _joins(item.node("rarg"))
