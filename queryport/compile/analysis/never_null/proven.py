"""The columns, rows and aggregates of a query that its own conditions prove to be there.

`WHERE a.x = 1` holds for no row whose x is NULL, and so for none in which an outer join has filled `a` with NULLs.
HAVING proves the same of groups. A condition may speak of the queries around its own, too: of a subquery that has a
row, `WHERE outer.x = 1` proves the outer query's x.
"""

from collections.abc import Iterable, Iterator
from functools import reduce
from typing import NamedTuple

from queryport.compile.analysis.database.facts import Facts
from queryport.compile.analysis.tree.expression_types import call_of
from queryport.compile.analysis.tree.node_tree import Node, same, walk
from queryport.compile.analysis.tree.scope import ColumnId, Command, JoinKind, Scope, SublinkKind, conjuncts

_IS_NULL, _IS_NOT_NULL = 0, 1
"""NullTestType."""
_IS_TRUE, _IS_NOT_TRUE, _IS_FALSE, _IS_NOT_FALSE, _IS_UNKNOWN, _IS_NOT_UNKNOWN = range(6)
"""BoolTestType."""
_SAME_EACH_TIME = frozenset({"AGGREF", "TARGETENTRY", "VAR", "CONST", "PARAM", "RELABELTYPE", "OPEXPR", "FUNCEXPR"})


class NamedColumn(NamedTuple):
    """A column, by how many queries outwards it belongs to."""

    levels: int
    column: ColumnId


Names = frozenset[NamedColumn]
_NONE: Names = frozenset()


class Proven(NamedTuple):
    """The facts that hold for every row which FROM and WHERE leave, and for every group which HAVING leaves."""

    columns: frozenset[ColumnId] = frozenset()
    """Columns that are not NULL; of the table that is written to, as the row was before."""
    outer: Names = _NONE
    """The same of the queries around this one, wherever this one has a row."""
    aggregates: tuple[Node, ...] = ()
    """Aggregates that are not NULL."""

    @property
    def entries(self) -> frozenset[int]:
        """The entries of the range table that have a row."""
        return frozenset(entry for entry, _ in self.columns)

    def has_aggregate(self, aggregate: Node) -> bool:
        """Whether it is one of those that are not NULL."""
        return any(same(aggregate, known) for known in self.aggregates)


def proven(scope: Scope, facts: Facts) -> Proven:
    """Collect what a query's conditions prove."""
    query = scope.query
    if query.number("commandType") == Command.MERGE:
        return Proven()
    conditions = Conditions(facts, scope)
    having = conjuncts(query.maybe("havingQual"))
    found = _union(
        conditions.where_true(condition)
        for condition in [*binding_conditions(query.node("jointree")), *(having if query.has("groupClause") else [])]
    )
    return Proven(
        frozenset(name.column for name in found if name.levels == 0),
        frozenset(name for name in found if name.levels) if has_rows_of_from(query) else _NONE,
        tuple(aggregate for condition in having for aggregate in conditions.aggregates(condition)),
    )


def has_rows_of_from(query: Node) -> bool:
    """Whether each row of a query comes from rows of FROM that WHERE has left, and not from an empty group."""
    if any(query.has(part) for part in ("setOperations", "groupingSets")):
        return False
    return bool(query.nodes("groupClause")) or not (query.flag("hasAggs") or query.has("havingQual"))


def binding_conditions(item: Node) -> Iterator[Node]:
    """Yield the conditions that hold for every row of an item of FROM; ON of an outer join is none."""
    if item.tag == "FROMEXPR":
        yield from conjuncts(item.maybe("quals"))
        for inner in item.nodes("fromlist"):
            yield from binding_conditions(inner)
    elif item.tag == "JOINEXPR":
        kind = item.number("jointype")
        if kind == JoinKind.INNER:
            yield from conjuncts(item.maybe("quals"))
        if kind in (JoinKind.INNER, JoinKind.LEFT):
            yield from binding_conditions(item.node("larg"))
        if kind in (JoinKind.INNER, JoinKind.RIGHT):
            yield from binding_conditions(item.node("rarg"))


def _union(each: Iterable[Names]) -> Names:
    return _NONE.union(*each)


def _intersection(each: Iterable[Names]) -> Names:
    return reduce(frozenset.intersection, each)


class Conditions:
    """Finds the columns that are not NULL where a condition of a query is known; `depth` is how far in it stands."""

    def __init__(self, facts: Facts, scope: Scope, depth: int = 0) -> None:
        self._facts = facts
        self._scope = scope
        self._depth = depth

    def where_true(self, condition: Node) -> Names:
        """Return the columns that are not NULL wherever the condition is true."""
        return self._where(condition, holds=True)

    def where_not_true(self, condition: Node) -> Names:
        """Return the columns that are not NULL wherever the condition is false or NULL."""
        if condition.tag == "NULLTEST":  # which is never NULL
            return self._where(condition, holds=False)
        if condition.tag == "BOOLEXPR" and condition.text("boolop") == "or":
            return _union(self.where_not_true(argument) for argument in condition.nodes("args"))
        return _NONE

    def _where(self, condition: Node, *, holds: bool) -> Names:
        match condition.tag:
            case "BOOLEXPR":
                arguments = condition.nodes("args")
                if condition.text("boolop") == "not":
                    return self._where(arguments[0], holds=not holds)
                together = _union if (condition.text("boolop") == "and") is holds else _intersection
                return together([self._where(argument, holds=holds) for argument in arguments])
            case "NULLTEST":
                tells = condition.number("nulltesttype") == (_IS_NOT_NULL if holds else _IS_NULL)
                return self._behind(condition.node("arg")) if tells else _NONE
            case "BOOLEANTEST":
                return self._tested(condition, holds=holds)
            case "DISTINCTEXPR":
                return _NONE if holds else self._equal(condition)
            case "SCALARARRAYOPEXPR":
                return self._compared_with_array(condition, holds=holds)
            case "SUBLINK":
                return self._of_subquery(condition) if holds else _NONE
        return self._behind(condition)

    def _tested(self, test: Node, *, holds: bool) -> Names:
        kind, argument = test.number("booltesttype"), test.node("arg")
        if kind == (_IS_NOT_UNKNOWN if holds else _IS_UNKNOWN):
            return self._behind(argument)
        if kind == (_IS_TRUE if holds else _IS_NOT_TRUE):
            return self._where(argument, holds=True)
        if kind == (_IS_FALSE if holds else _IS_NOT_FALSE):
            return self._where(argument, holds=False)
        return _NONE

    def _equal(self, distinct: Node) -> Names:
        """`x IS NOT DISTINCT FROM 1`."""
        arguments = distinct.nodes("args")
        if any(argument.tag == "CONST" and not argument.flag("constisnull") for argument in arguments):
            return _union(map(self._behind, arguments))
        return _NONE

    def _compared_with_array(self, comparison: Node, *, holds: bool) -> Names:
        if not self._facts.function(comparison.number("opfuncid")).strict:
            return _NONE
        value, array = comparison.nodes("args")
        # Of an empty array, ANY is false and ALL is true whatever stands before it.
        has_elements = array.tag == "ARRAYEXPR" and not array.flag("multidims") and array.has("elements")
        compared = comparison.flag("useOr") is holds or has_elements
        return self._behind(array) | (self._behind(value) if compared else _NONE)

    def _of_subquery(self, sublink: Node) -> Names:
        """`EXISTS (SELECT …)` and `x IN (SELECT …)`: the subquery has a row."""
        kind = sublink.number("subLinkType")
        if kind not in (SublinkKind.EXISTS, SublinkKind.ANY):
            return _NONE
        query = sublink.node("subselect")
        found = self._where(sublink.node("testexpr"), holds=True) if kind == SublinkKind.ANY else _NONE
        if query.number("commandType") != Command.SELECT or not has_rows_of_from(query):
            return found
        within = Conditions(self._facts, self._scope, self._depth + 1)
        return found | _union(map(within.where_true, binding_conditions(query.node("jointree"))))

    def _behind(self, expression: Node) -> Names:
        """The columns that are not NULL wherever the expression is not NULL."""
        match expression.tag:
            case "VAR":
                levels = expression.number("varlevelsup") - self._depth
                column = self._scope.up(levels).column(expression) if levels >= 0 else None
                return _NONE if column is None else frozenset({NamedColumn(levels, column)})
            case "RELABELTYPE" | "COERCEVIAIO" | "COLLATEEXPR":
                return self._behind(expression.node("arg"))
            case "NULLIFEXPR":
                return self._behind(expression.nodes("args")[0])
            case "BOOLEXPR" if expression.text("boolop") == "not":
                return self._behind(expression.nodes("args")[0])
        return _union(map(self._behind, self._strict_arguments(expression)))

    def _strict_arguments(self, expression: Node) -> list[Node]:
        """The arguments none of which is NULL where the call of a function or an operator is not."""
        call = call_of(expression)
        if call is None or call.returns_set or not self._facts.function(call.function).strict:
            return []
        return expression.nodes("args")

    def aggregates(self, condition: Node) -> Iterator[Node]:
        """Yield the aggregates that are not NULL wherever a condition of HAVING is true, and the same elsewhere."""
        if condition.tag == "AGGREF":
            if self._is_the_same_each_time(condition):
                yield condition
        elif condition.tag == "NULLTEST":
            if condition.number("nulltesttype") == _IS_NOT_NULL:
                yield from self.aggregates(condition.node("arg"))
        elif condition.tag in ("RELABELTYPE", "COERCEVIAIO"):
            yield from self.aggregates(condition.node("arg"))
        else:
            for argument in self._strict_arguments(condition):
                yield from self.aggregates(argument)

    def _is_the_same_each_time(self, aggregate: Node) -> bool:
        """Whether an aggregate that reads the same elsewhere in the query has the same value there."""
        if not self._facts.function(aggregate.number("aggfnoid")).built_in:
            return False
        for node in walk(aggregate):
            if node.tag not in _SAME_EACH_TIME:
                return False
            call = call_of(node)
            if call is not None and self._facts.function(call.function).volatile:
                return False
        return True
