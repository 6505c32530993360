"""The columns and rows of a query that its own conditions prove to be there.

`WHERE a.x = 1` holds for no row whose x is NULL, and so for none in which an outer join has filled `a` with NULLs.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from queryport.compile.analysis.facts import Facts
from queryport.compile.analysis.node_tree import Node
from queryport.compile.analysis.scope import Column, Command, JoinKind, Scope, conjuncts

_IS_NOT_NULL = 1
_IS_TRUE, _IS_FALSE, _IS_NOT_UNKNOWN = 0, 2, 5


@dataclass(frozen=True, slots=True)
class Proven:
    """The facts that hold for every row which FROM and WHERE leave."""

    columns: frozenset[Column]
    """Columns that are not NULL."""

    @property
    def entries(self) -> frozenset[int]:
        """The entries of the range table that have a row."""
        return frozenset(entry for entry, _ in self.columns)


def proven(scope: Scope, facts: Facts) -> Proven:
    """Collect what a query's conditions prove; of the table that it writes to, WHERE has only seen the old row."""
    if scope.query.number("commandType") == Command.MERGE:
        return Proven(frozenset())
    found = {
        column
        for condition in binding_conditions(scope.query.node("jointree"))
        for column in _required(scope, facts, condition)
    }
    return Proven(frozenset(column for column in found if not scope.is_target(column[0])))


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


def _required(scope: Scope, facts: Facts, condition: Node) -> Iterator[Column]:
    """Yield the columns that are not NULL wherever the condition is true."""
    match condition.tag:
        case "NULLTEST":
            if condition.number("nulltesttype") == _IS_NOT_NULL and not condition.flag("argisrow"):
                yield from _behind(scope, facts, condition.node("arg"))
        case "BOOLEANTEST":
            if condition.number("booltesttype") in (_IS_TRUE, _IS_FALSE, _IS_NOT_UNKNOWN):
                yield from _behind(scope, facts, condition.node("arg"))
        case "BOOLEXPR" if condition.text("boolop") == "not":
            (negated,) = condition.nodes("args")
            if negated.tag == "NULLTEST" and negated.number("nulltesttype") != _IS_NOT_NULL:
                if not negated.flag("argisrow"):
                    yield from _behind(scope, facts, negated.node("arg"))
            else:
                yield from _behind(scope, facts, negated)
        case "SCALARARRAYOPEXPR":
            # Of an empty array, ANY is false whatever stands before it; ALL is true.
            if condition.flag("useOr") and facts.function(condition.number("opfuncid")).strict:
                yield from _behind(scope, facts, condition.nodes("args")[0])
        case _:
            yield from _behind(scope, facts, condition)


def _behind(scope: Scope, facts: Facts, expression: Node) -> Iterator[Column]:
    """Yield the columns that are not NULL wherever the expression is not NULL."""
    match expression.tag:
        case "VAR":
            variable = scope.origin(expression)
            if variable.tag == "VAR" and variable.number("varlevelsup") == 0 and variable.number("varattno") > 0:
                yield variable.number("varno"), variable.number("varattno")
        case "RELABELTYPE" | "COERCEVIAIO" | "COLLATEEXPR":
            yield from _behind(scope, facts, expression.node("arg"))
        case "OPEXPR" | "FUNCEXPR":
            operator = expression.tag == "OPEXPR"
            returns_set = expression.flag("opretset" if operator else "funcretset")
            function = facts.function(expression.number("opfuncid" if operator else "funcid"))
            if function.strict and not returns_set:
                for argument in expression.nodes("args"):
                    yield from _behind(scope, facts, argument)
