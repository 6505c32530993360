"""Judges whether calls of functions and operators in an analysed statement can be NULL.

PostgreSQL's own functions are known by what they do (`functions`), those of a project not at all.
"""

from collections.abc import Callable, Sequence

from queryport.compile.analysis.database import functions
from queryport.compile.analysis.database.facts import Facts
from queryport.compile.analysis.database.objects import Function
from queryport.compile.analysis.never_null.elements import Elements
from queryport.compile.analysis.tree.expression_types import call_of
from queryport.compile.analysis.tree.node_tree import Node, walk
from queryport.compile.analysis.tree.scope import Scope


class FunctionCalls:
    """Judges calls; their arguments are judged by what is handed in."""

    def __init__(self, facts: Facts, elements: Elements, never_null: Callable[[Scope, Node], bool]) -> None:
        self._facts = facts
        self._elements = elements
        self._never_null = never_null

    def of_call(self, scope: Scope, expression: Node) -> bool:
        """Whether a call of a function, with `f(…)`, as a cast or as an operator, is never NULL."""
        call = call_of(expression)
        if call is None:
            return False
        function = self._facts.function(call.function)
        if not function.built_in:
            return not call.returns_set and self._answers_of_extension(scope, function, expression)
        if call.returns_set:
            # Beside another one in the list of columns, the shorter of the two is filled with NULLs.
            return self._rows(scope, function, expression) == (True,) and _one_set(scope.query)
        return self._answers(scope, function, expression)

    def of_array_comparison(self, scope: Scope, expression: Node) -> bool:
        """Whether `x = ANY (array)`, or with ALL or another operator, is never NULL."""
        function = self._facts.function(expression.number("opfuncid"))
        value, array = expression.nodes("args")
        # An element that is NULL makes the answer NULL.
        return (
            function.built_in
            and function.compares
            and self._all(scope, [value, array])
            and self._elements.never_null(scope, array)
        )

    def rows(self, scope: Scope, call: Node, count: int) -> tuple[bool, ...]:
        """Say of each of the columns of a call in FROM whether it is never NULL."""
        if call.tag != "FUNCEXPR" or not call.flag("funcretset"):
            return (count == 1 and self._never_null(scope, call),) * count
        function = self._facts.function(call.number("funcid"))
        columns = self._rows(scope, function, call) if function.built_in else ()
        return columns if len(columns) == count else (False,) * count

    def _rows(self, scope: Scope, function: Function, call: Node) -> tuple[bool, ...]:
        """The columns of a built-in function that returns a set, as far as they are known."""
        if _is_variadic(call) or call.tag != "FUNCEXPR":
            return ()
        if function.signature == "unnest(anyarray)":
            return (self._elements.never_null(scope, call.nodes("args")[0]),)
        return functions.columns_of_rows(function.name, function.arguments)

    def _answers_of_extension(self, scope: Scope, function: Function, call: Node) -> bool:
        known = functions.never_null_of_extension(function.extension, function.name)
        compares = function.compares and function.extension is not None and function.language == "c"
        return (known or compares) and self._all(scope, call.nodes("args"))

    def _answers(self, scope: Scope, function: Function, call: Node) -> bool:
        arguments = call.nodes("args")
        if _is_variadic(call):
            return False
        if functions.never_null_at_all(function.name):
            return True
        if functions.null_of_first_alone(function.name):
            return self._never_null(scope, arguments[0])
        known = function.compares or functions.never_null_of_arguments(function.name, function.arguments)
        return (known or _never_null_of_field(function, arguments)) and self._all(scope, arguments)

    def _all(self, scope: Scope, expressions: Sequence[Node]) -> bool:
        return all(self._never_null(scope, expression) for expression in expressions)


def _never_null_of_field(function: Function, arguments: Sequence[Node]) -> bool:
    """Whether it is `extract(year FROM …)`, or of another field that infinity has: of others, infinity's is NULL."""
    if function.name not in ("extract", "date_part") or len(arguments) != 2:
        return False
    field = arguments[0]
    if field.tag != "CONST" or field.flag("constisnull"):
        return False
    return functions.field_of_infinity(field.bytes("constvalue")[4:])


def _is_variadic(call: Node) -> bool:
    """Whether a function gets one array for all arguments; an operator never does."""
    return call.tag == "FUNCEXPR" and call.flag("funcvariadic")


def _one_set(query: Node) -> bool:
    calls = (call_of(node) for target in query.nodes("targetList") for node in walk(target))
    return sum(call is not None and call.returns_set for call in calls) == 1
