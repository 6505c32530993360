"""The types of an analysed statement's expressions, and the functions that they call."""

from typing import NamedTuple

from queryport.compile.analysis.tree.node_tree import Node


class CalledFunction(NamedTuple):
    """The call of a function, by itself or as an operator."""

    function: int
    returns_set: bool


def call_of(expression: Node) -> CalledFunction | None:
    """Return what an expression calls; None for one that calls nothing."""
    fields = _CALL_FIELDS.get(expression.tag)
    return CalledFunction(expression.number(fields[0]), expression.flag(fields[1])) if fields else None


_CALL_FIELDS = {"FUNCEXPR": ("funcid", "funcretset"), "OPEXPR": ("opfuncid", "opretset")}


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
