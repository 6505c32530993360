"""Judges whether expressions of an analysed statement can be NULL; one that is not known here may be."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from queryport.compile.analysis.database.facts import Facts
from queryport.compile.analysis.never_null import aggregates
from queryport.compile.analysis.never_null.elements import Elements
from queryport.compile.analysis.never_null.function_calls import FunctionCalls
from queryport.compile.analysis.never_null.proven import Conditions, Names, Proven
from queryport.compile.analysis.tree.named import FIRST_OF_USERS
from queryport.compile.analysis.tree.node_tree import Node
from queryport.compile.analysis.tree.scope import ParameterKind, Scope, SublinkKind, gives_one_row

Columns = tuple[bool, ...]
"""For each column, whether it is never NULL."""

_CURRENT_SCHEMA = 14
"""SQLValueFunctionOp of CURRENT_SCHEMA, which is NULL where the search path names no schema."""
_JSON_OBJECT, _JSON_ARRAY, _JSON_OBJECT_OF_ROWS, _JSON_ARRAY_OF_ROWS = 1, 2, 3, 4
"""JsonConstructorType; the others make JSON of one value."""


class Queries(Protocol):
    """Judges columns, as far as their query and its entries of FROM decide about them."""

    def columns(self, scope: Scope) -> Columns: ...
    def variable(self, scope: Scope, variable: Node) -> bool: ...
    def proven(self, scope: Scope) -> Proven: ...
    def is_one_side_there(self, scope: Scope, expressions: list[Node]) -> bool: ...
    def knowing(self, scope: Scope, names: Names) -> AbstractContextManager[None]: ...


class Expressions:
    """Judges expressions; columns and subqueries are judged by what is handed in."""

    def __init__(self, facts: Facts, given: frozenset[int], queries: Queries) -> None:
        self._facts = facts
        self._given = given
        self._queries = queries
        self._calls = FunctionCalls(facts, Elements(facts, self.never_null, queries.columns), self.never_null)
        self._sublinks: list[Columns] = []

    def never_null(self, scope: Scope, expression: Node) -> bool:
        """Whether an expression of a query is never NULL."""
        judge = _JUDGES.get(expression.tag)
        return judge is not None and judge(self, scope, expression)

    def _all(self, scope: Scope, expressions: Sequence[Node]) -> bool:
        return all(self.never_null(scope, expression) for expression in expressions)

    def _any(self, scope: Scope, expressions: Sequence[Node]) -> bool:
        return any(self.never_null(scope, expression) for expression in expressions)

    def _column(self, scope: Scope, expression: Node) -> bool:
        return self._queries.variable(scope, expression)

    def _always(self, _scope: Scope, _expression: Node) -> bool:
        return True

    def _constant(self, _scope: Scope, expression: Node) -> bool:
        return not expression.flag("constisnull")

    def _parameter(self, _scope: Scope, expression: Node) -> bool:
        number = expression.number("paramid")
        if expression.number("paramkind") == ParameterKind.EXTERNAL:
            return number in self._given
        if expression.number("paramkind") == ParameterKind.SUBLINK and self._sublinks:
            return 0 < number <= len(self._sublinks[-1]) and self._sublinks[-1][number - 1]
        return False

    def _argument(self, scope: Scope, expression: Node) -> bool:
        return self.never_null(scope, expression.node("arg"))

    def _every_argument(self, scope: Scope, expression: Node) -> bool:
        return self._all(scope, expression.nodes("args"))

    def _coalesce(self, scope: Scope, expression: Node) -> bool:
        arguments = expression.nodes("args")
        return self._any(scope, arguments) or self._queries.is_one_side_there(scope, arguments)

    def _some_argument(self, scope: Scope, expression: Node) -> bool:
        return self._any(scope, expression.nodes("args"))

    def _row_comparison(self, scope: Scope, expression: Node) -> bool:
        compared = [self._facts.operator(operator)[0] for operator in expression.numbers("opnos")]
        known = all(self._facts.function(function).built_in for function in compared)
        return known and self._all(scope, [*expression.nodes("largs"), *expression.nodes("rargs")])

    def _case(self, scope: Scope, expression: Node) -> bool:
        default = expression.maybe("defresult")
        if default is None:
            return False
        conditions = Conditions(self._facts, scope)
        passed: Names = frozenset()
        """What is not NULL where none of the branches before was taken."""
        for branch in expression.nodes("args"):
            condition = branch.node("expr")
            with self._queries.knowing(scope, passed | conditions.where_true(condition)):
                if not self.never_null(scope, branch.node("result")):
                    return False
            passed |= conditions.where_not_true(condition)
        with self._queries.knowing(scope, passed):
            return self.never_null(scope, default)

    def _domain(self, scope: Scope, expression: Node) -> bool:
        # The cast itself fails where its argument is NULL and the domain is NOT NULL.
        return self._argument(scope, expression) or self._facts.type(expression.number("resulttype")).not_null

    def _sql_value(self, _scope: Scope, expression: Node) -> bool:
        return expression.number("op") < _CURRENT_SCHEMA

    def _json_constructor(self, scope: Scope, expression: Node) -> bool:
        coercion = expression.maybe("coercion")
        if coercion is not None and coercion.tag not in ("COERCEVIAIO", "RELABELTYPE"):  # it may be a cast of a user's
            return False
        kind = expression.number("type")
        if kind in (_JSON_OBJECT_OF_ROWS, _JSON_ARRAY_OF_ROWS):
            return self.never_null(scope, expression.node("func"))
        return kind in (_JSON_OBJECT, _JSON_ARRAY) or self._every_argument(scope, expression)

    def _slice(self, scope: Scope, expression: Node) -> bool:
        bounds = [*expression.optional_nodes("refupperindexpr"), *expression.optional_nodes("reflowerindexpr")]
        return (
            expression.has("reflowerindexpr")
            and not expression.has("refassgnexpr")
            and expression.number("refcontainertype") < FIRST_OF_USERS
            and self._all(scope, [expression.node("refexpr"), *bounds])
        )

    def _json_predicate(self, scope: Scope, expression: Node) -> bool:
        return self.never_null(scope, expression.node("expr"))

    def rows(self, scope: Scope, call: Node, count: int) -> Columns:
        """Say of each of the columns of a call in FROM whether it is never NULL."""
        return self._calls.rows(scope, call, count)

    def of_search_and_cycle(self, scope: Scope, common: Node) -> Columns:
        """Say of the columns that SEARCH and CYCLE add to a common table whether they are never NULL."""
        columns: Columns = (True,) if common.has("search_clause") else ()
        cycle = common.maybe("cycle_clause")
        if cycle is not None:
            marks = [cycle.node("cycle_mark_value"), cycle.node("cycle_mark_default")]
            columns = (*columns, self._all(scope, marks), True)
        return columns

    def _call(self, scope: Scope, expression: Node) -> bool:
        return self._calls.of_call(scope, expression)

    def _array_comparison(self, scope: Scope, expression: Node) -> bool:
        return self._calls.of_array_comparison(scope, expression)

    def _sublink(self, scope: Scope, expression: Node) -> bool:
        query = expression.node("subselect")
        match expression.number("subLinkType"):
            case SublinkKind.EXISTS | SublinkKind.ARRAY:
                return True
            case SublinkKind.EXPRESSION:
                return gives_one_row(query) and self._queries.columns(Scope(query, scope))[0]
            case SublinkKind.ANY | SublinkKind.ALL:
                self._sublinks.append(self._queries.columns(Scope(query, scope)))
                try:
                    return self.never_null(scope, expression.node("testexpr"))
                finally:
                    self._sublinks.pop()
        return False

    def _aggregate(self, scope: Scope, expression: Node) -> bool:
        owner = scope.up(expression.number("agglevelsup"))
        if self._queries.proven(owner).has_aggregate(expression):
            return True
        function = self._facts.function(expression.number("aggfnoid"))
        return aggregates.never_null(owner, function, expression, lambda argument: self.never_null(scope, argument))

    def _window_function(self, scope: Scope, expression: Node) -> bool:
        function = self._facts.function(expression.number("winfnoid"))
        return aggregates.never_null_in_window(scope, function, expression, lambda each: self.never_null(scope, each))


_JUDGES: dict[str, Callable[[Expressions, Scope, Node], bool]] = {
    "VAR": Expressions._column,
    "CONST": Expressions._constant,
    "PARAM": Expressions._parameter,
    "RELABELTYPE": Expressions._argument,
    "COERCEVIAIO": Expressions._argument,
    "ARRAYCOERCEEXPR": Expressions._argument,
    "COLLATEEXPR": Expressions._argument,
    "NAMEDARGEXPR": Expressions._argument,
    "COERCETODOMAIN": Expressions._domain,
    "FUNCEXPR": Expressions._call,
    "OPEXPR": Expressions._call,
    "DISTINCTEXPR": Expressions._always,
    "NULLTEST": Expressions._always,
    "BOOLEANTEST": Expressions._always,
    "GROUPINGFUNC": Expressions._always,
    "MERGESUPPORTFUNC": Expressions._always,
    "ARRAYEXPR": Expressions._always,
    "ROWEXPR": Expressions._always,
    "BOOLEXPR": Expressions._every_argument,
    "COALESCEEXPR": Expressions._coalesce,
    "MINMAXEXPR": Expressions._some_argument,
    "CASEEXPR": Expressions._case,
    "ROWCOMPAREEXPR": Expressions._row_comparison,
    "SCALARARRAYOPEXPR": Expressions._array_comparison,
    "SUBSCRIPTINGREF": Expressions._slice,
    "SUBLINK": Expressions._sublink,
    "AGGREF": Expressions._aggregate,
    "WINDOWFUNC": Expressions._window_function,
    "SQLVALUEFUNCTION": Expressions._sql_value,
    "JSONCONSTRUCTOREXPR": Expressions._json_constructor,
    "JSONISPREDICATE": Expressions._json_predicate,
}
