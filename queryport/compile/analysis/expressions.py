"""Which expressions of an analysed statement can never be NULL.

An expression that is not known here may be NULL.
"""

from collections.abc import Callable, Sequence
from enum import IntEnum

from queryport.compile.analysis import functions
from queryport.compile.analysis.facts import Facts, Function
from queryport.compile.analysis.node_tree import Node, walk
from queryport.compile.analysis.scope import Scope, gives_one_row

Columns = tuple[bool, ...]
"""For each column, whether it is never NULL."""

_EXTERNAL, _OF_A_SUBLINK = 0, 2
"""ParamKind: a placeholder, or a column of the subquery in `x IN (SELECT …)`."""
_CURRENT_SCHEMA = 14
"""SQLValueFunctionOp of CURRENT_SCHEMA, which is NULL where the search path names no schema."""
_JSON_OBJECT, _JSON_ARRAY = 1, 2
"""JsonConstructorType."""
_NOT_THE_DEFAULT_FRAME = 1
"""FRAMEOPTION_NONDEFAULT; the default frame holds the current row."""


class _SublinkKind(IntEnum):
    EXISTS = 0
    ALL = 1
    ANY = 2
    EXPRESSION = 4
    ARRAY = 6


class Expressions:
    """Judges expressions; columns and subqueries are judged by what is handed in."""

    def __init__(
        self,
        facts: Facts,
        given: frozenset[int],
        variable: Callable[[Scope, Node], bool],
        columns: Callable[[Scope], Columns],
    ) -> None:
        self._facts = facts
        self._given = given
        self._variable = variable
        self._columns = columns
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
        return self._variable(scope, expression)

    def _always(self, _scope: Scope, _expression: Node) -> bool:
        return True

    def _constant(self, _scope: Scope, expression: Node) -> bool:
        return not expression.flag("constisnull")

    def _parameter(self, _scope: Scope, expression: Node) -> bool:
        number = expression.number("paramid")
        if expression.number("paramkind") == _EXTERNAL:
            return number in self._given
        if expression.number("paramkind") == _OF_A_SUBLINK and self._sublinks:
            return 0 < number <= len(self._sublinks[-1]) and self._sublinks[-1][number - 1]
        return False

    def _argument(self, scope: Scope, expression: Node) -> bool:
        return self.never_null(scope, expression.node("arg"))

    def _every_argument(self, scope: Scope, expression: Node) -> bool:
        return self._all(scope, expression.nodes("args"))

    def _some_argument(self, scope: Scope, expression: Node) -> bool:
        return self._any(scope, expression.nodes("args"))

    def _row_comparison(self, scope: Scope, expression: Node) -> bool:
        compared = [self._facts.operator(operator)[0] for operator in expression.numbers("opnos")]
        known = all(self._facts.function(function).built_in for function in compared)
        return known and self._all(scope, [*expression.nodes("largs"), *expression.nodes("rargs")])

    def _case(self, scope: Scope, expression: Node) -> bool:
        default = expression.maybe("defresult")
        results = [when.node("result") for when in expression.nodes("args")]
        return default is not None and self._all(scope, [*results, default])

    def _domain(self, scope: Scope, expression: Node) -> bool:
        # The cast itself fails where its argument is NULL and the domain is NOT NULL.
        return self._argument(scope, expression) or self._facts.type(expression.number("resulttype")).not_null

    def _sql_value(self, _scope: Scope, expression: Node) -> bool:
        return expression.number("op") < _CURRENT_SCHEMA

    def _json_constructor(self, _scope: Scope, expression: Node) -> bool:
        return expression.number("type") in (_JSON_OBJECT, _JSON_ARRAY)

    def _json_predicate(self, scope: Scope, expression: Node) -> bool:
        return self.never_null(scope, expression.node("expr"))

    def _call(self, scope: Scope, expression: Node) -> bool:
        function = self._facts.function(expression.number("funcid"))
        if not function.built_in:
            return self._answers_of_extension(scope, function, expression, returns_set=expression.flag("funcretset"))
        if expression.flag("funcretset"):
            # Beside another one in the list of columns, the shorter of the two is filled with NULLs.
            return functions.never_null_rows(function.name, function.arguments) and _one_set(scope.query)
        return self._answers(scope, function, expression.nodes("args"), variadic=expression.flag("funcvariadic"))

    def _operator(self, scope: Scope, expression: Node) -> bool:
        function = self._facts.function(expression.number("opfuncid"))
        if not function.built_in:
            return self._answers_of_extension(scope, function, expression, returns_set=expression.flag("opretset"))
        if expression.flag("opretset"):
            return False
        return self._answers(scope, function, expression.nodes("args"), variadic=False)

    def _answers_of_extension(self, scope: Scope, function: Function, call: Node, *, returns_set: bool) -> bool:
        known = functions.never_null_of_extension(function.extension, function.name)
        compares = function.compares and function.extension is not None and function.language == "c"
        return (known or compares) and not returns_set and self._every_argument(scope, call)

    def _answers(self, scope: Scope, function: Function, arguments: Sequence[Node], *, variadic: bool) -> bool:
        if variadic:
            return False
        if functions.never_null_at_all(function.name):
            return True
        if functions.null_of_first_alone(function.name):
            return self.never_null(scope, arguments[0])
        known = function.compares or functions.never_null_of_arguments(function.name, function.arguments)
        return known and self._all(scope, arguments)

    def _array_comparison(self, scope: Scope, expression: Node) -> bool:
        function = self._facts.function(expression.number("opfuncid"))
        value, array = expression.nodes("args")
        # An element that is NULL makes the answer NULL.
        return (
            function.built_in
            and function.compares
            and array.tag == "ARRAYEXPR"
            and not array.flag("multidims")
            and self._all(scope, [value, *array.nodes("elements")])
        )

    def _sublink(self, scope: Scope, expression: Node) -> bool:
        query = expression.node("subselect")
        match expression.number("subLinkType"):
            case _SublinkKind.EXISTS | _SublinkKind.ARRAY:
                return True
            case _SublinkKind.EXPRESSION:
                return gives_one_row(query) and self._columns(Scope(query, scope))[0]
            case _SublinkKind.ANY | _SublinkKind.ALL:
                self._sublinks.append(self._columns(Scope(query, scope)))
                try:
                    return self.never_null(scope, expression.node("testexpr"))
                finally:
                    self._sublinks.pop()
        return False

    def _aggregate(self, scope: Scope, expression: Node) -> bool:
        function = self._facts.function(expression.number("aggfnoid"))
        if not function.built_in:
            return False
        if function.name == "count":
            return True
        query = scope.up(expression.number("agglevelsup")).query
        # Without GROUP BY, and in the grouping set (), there may be no row to aggregate.
        has_a_row = bool(query.nodes("groupClause")) and not query.has("groupingSets")
        return (
            has_a_row
            and functions.never_null_over_a_group(function.name)
            and not expression.has("aggfilter")
            and not expression.flag("aggvariadic")
            and self._all(scope, [argument.node("expr") for argument in expression.nodes("args")])
        )

    def _window_function(self, scope: Scope, expression: Node) -> bool:
        function = self._facts.function(expression.number("winfnoid"))
        if not function.built_in:
            return False
        if functions.never_null_in_a_window(function.name):
            return True
        arguments = expression.nodes("args")
        if function.name == "ntile" or (function.name in ("lag", "lead") and len(arguments) == 3):
            return self._all(scope, arguments)
        (window,) = (
            clause
            for clause in scope.query.nodes("windowClause")
            if clause.number("winref") == expression.number("winref")
        )
        over_own_row = functions.never_null_over_a_group(function.name) or functions.value_of_a_row_in_the_frame(
            function.name
        )
        return (
            over_own_row
            and not window.number("frameOptions") & _NOT_THE_DEFAULT_FRAME
            and not expression.has("aggfilter")
            and self._all(scope, arguments)
        )


def _one_set(query: Node) -> bool:
    calls = [node for target in query.nodes("targetList") for node in walk(target) if node.tag in _SETS]
    return sum(node.flag(_SETS[node.tag]) for node in calls) == 1


_SETS = {"FUNCEXPR": "funcretset", "OPEXPR": "opretset"}

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
    "OPEXPR": Expressions._operator,
    "DISTINCTEXPR": Expressions._always,
    "NULLTEST": Expressions._always,
    "BOOLEANTEST": Expressions._always,
    "GROUPINGFUNC": Expressions._always,
    "MERGESUPPORTFUNC": Expressions._always,
    "ARRAYEXPR": Expressions._always,
    "ROWEXPR": Expressions._always,
    "BOOLEXPR": Expressions._every_argument,
    "COALESCEEXPR": Expressions._some_argument,
    "MINMAXEXPR": Expressions._some_argument,
    "CASEEXPR": Expressions._case,
    "ROWCOMPAREEXPR": Expressions._row_comparison,
    "SCALARARRAYOPEXPR": Expressions._array_comparison,
    "SUBLINK": Expressions._sublink,
    "AGGREF": Expressions._aggregate,
    "WINDOWFUNC": Expressions._window_function,
    "SQLVALUEFUNCTION": Expressions._sql_value,
    "JSONCONSTRUCTOREXPR": Expressions._json_constructor,
    "JSONISPREDICATE": Expressions._json_predicate,
}


def type_of(expression: Node) -> int | None:
    """Return the oid of an expression's type, for the commonest kinds of expression."""
    field = _TYPE_FIELDS.get(expression.tag)
    return expression.number(field) if field else None


_TYPE_FIELDS = {
    "VAR": "vartype",
    "CONST": "consttype",
    "PARAM": "paramtype",
    "FUNCEXPR": "funcresulttype",
    "OPEXPR": "opresulttype",
    "AGGREF": "aggtype",
    "WINDOWFUNC": "wintype",
    "RELABELTYPE": "resulttype",
    "COERCEVIAIO": "resulttype",
    "COERCETODOMAIN": "resulttype",
    "CASEEXPR": "casetype",
    "COALESCEEXPR": "coalescetype",
    "MINMAXEXPR": "minmaxtype",
    "ARRAYEXPR": "array_typeid",
}
