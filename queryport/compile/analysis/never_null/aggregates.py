"""Aggregates and window functions that never answer NULL: where there is a row to aggregate, and no NULL in it."""

from collections.abc import Callable

from queryport.compile.analysis.database import functions
from queryport.compile.analysis.database.objects import Function
from queryport.compile.analysis.tree.node_tree import Node
from queryport.compile.analysis.tree.scope import Scope

_RANGE = 0x2
_STARTS_BY_NOW = 0x20 | 0x200
_STARTS_BEFORE = 0x800
_ENDS_FROM_NOW = 0x100 | 0x400
_ENDS_AFTER = 0x4000
_WITHOUT_CURRENT_ROW = 0x8000 | 0x10000
"""FRAMEOPTION_…: bounds at the current row or at an end of the partition, bounds at a distance, and EXCLUDE."""


def never_null(scope: Scope, function: Function, call: Node, judge: Callable[[Node], bool]) -> bool:
    """Whether an aggregate of a query never answers NULL; its arguments are judged by `judge`."""
    if not function.built_in:
        return False
    if functions.counts(function.name):
        return True
    # Without GROUP BY, and in the grouping set (), there may be no row to aggregate.
    has_a_row = bool(scope.query.nodes("groupClause")) and not scope.query.has("groupingSets")
    if not has_a_row or call.has("aggfilter") or call.flag("aggvariadic"):
        return False
    if functions.never_null_over_rows(function.name):
        return True
    arguments = [*call.nodes("aggdirectargs"), *(argument.node("expr") for argument in call.nodes("args"))]
    return functions.never_null_over_a_group(function.name) and all(map(judge, arguments))


def never_null_in_window(scope: Scope, function: Function, call: Node, judge: Callable[[Node], bool]) -> bool:
    """Whether a window function of a query never answers NULL; its arguments are judged by `judge`."""
    if not function.built_in:
        return False
    if functions.never_null_in_a_window(function.name):
        return True
    arguments = call.nodes("args")
    if function.name == "ntile" or (function.name in ("lag", "lead") and len(arguments) == 3):
        return all(map(judge, arguments))
    windows = [each for each in scope.query.nodes("windowClause") if each.number("winref") == call.number("winref")]
    if len(windows) != 1 or not _holds_current_row(windows[0].number("frameOptions")) or call.has("aggfilter"):
        return False
    if functions.never_null_over_rows(function.name):
        return True
    known = functions.never_null_over_a_group(function.name) or functions.value_of_a_row_in_the_frame(function.name)
    return known and all(map(judge, arguments))


def _holds_current_row(frame: int) -> bool:
    """Whether each row is in its own frame; RANGE asks a type's own function what is at a distance."""
    distances = 0 if frame & _RANGE else _STARTS_BEFORE | _ENDS_AFTER
    starts = frame & (_STARTS_BY_NOW | _STARTS_BEFORE & distances)
    ends = frame & (_ENDS_FROM_NOW | _ENDS_AFTER & distances)
    return bool(starts and ends) and not frame & _WITHOUT_CURRENT_ROW
