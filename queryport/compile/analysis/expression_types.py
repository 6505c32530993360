"""The types of an analysed statement's expressions."""

from queryport.compile.analysis.node_tree import Node


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
