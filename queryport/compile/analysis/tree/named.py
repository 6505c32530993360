"""The objects of the catalogue that an analysed statement names by oid."""

from typing import NamedTuple

from queryport.compile.analysis.tree.node_tree import Node, UnreadableTreeError, Value, walk

FIRST_OF_USERS = 16_384
"""Objects with a lower oid are PostgreSQL's own (FirstNormalObjectId)."""

_FUNCTIONS = frozenset({"funcid", "opfuncid", "aggfnoid", "winfnoid"})
_OPERATORS = frozenset({"opno", "eqop", "sortop", "opnos"})
_TYPES = frozenset(
    {
        *("vartype", "consttype", "paramtype", "funcresulttype", "opresulttype", "resulttype", "aggtype", "wintype"),
        *("casetype", "coalescetype", "minmaxtype", "array_typeid", "element_typeid", "row_typeid", "typeId"),
        *("refcontainertype", "refelemtype", "refrestype", "coltypes", "colTypes", "funccoltypes", "aggargtypes"),
        *("ctecoltypes", "type"),
    }
)


_FIELDS = {
    **dict.fromkeys(_FUNCTIONS, "functions"),
    **dict.fromkeys(_OPERATORS, "operators"),
    **dict.fromkeys(_TYPES, "types"),
}


class Named(NamedTuple):
    """The oids in a tree; operators and types only where they are not PostgreSQL's own."""

    relations: frozenset[int]
    functions: frozenset[int]
    operators: frozenset[int]
    types: frozenset[int]
    locks: bool
    """A query within takes locks on rows."""


def named(tree: Value) -> Named:
    """Collect the oids in a tree."""
    relations: set[int] = set()
    found: dict[str, set[int]] = {"functions": set(), "operators": set(), "types": set()}
    locks = False
    for node in walk(tree):
        for name, value in node.fields():
            kind = _FIELDS.get(name)
            if kind is not None:
                found[kind].update(_oids(node, value))
        if node.tag == "RANGETBLENTRY" and node.has("relid"):
            relations.add(node.number("relid"))
        locks = locks or node.tag == "ROWMARKCLAUSE"
    return Named(
        frozenset(relations - {0}),
        frozenset(found["functions"] - {0}),
        frozenset(oid for oid in found["operators"] if oid >= FIRST_OF_USERS),
        frozenset(oid for oid in found["types"] if oid >= FIRST_OF_USERS),
        locks,
    )


def _oids(node: Node, value: Value) -> list[int]:
    parts = value[1:] if isinstance(value, tuple) else (value,)
    try:
        return [int(part) for part in parts if part is not None]  # type: ignore[arg-type]  # a node raises TypeError
    except (TypeError, ValueError):
        raise UnreadableTreeError(f"{node.tag} names no oid where one is expected") from None
