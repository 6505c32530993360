"""The objects of the catalogue that an analysed statement names by oid."""

from dataclasses import dataclass, field

from queryport.compile.analysis.facts import Facts
from queryport.compile.analysis.node_tree import Node, UnreadableTreeError, Value, walk

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


@dataclass(frozen=True, slots=True)
class Named:
    """The oids in a tree; operators and types only where they are not PostgreSQL's own."""

    relations: set[int] = field(default_factory=set)
    functions: set[int] = field(default_factory=set)
    operators: set[int] = field(default_factory=set)
    types: set[int] = field(default_factory=set)
    locks: bool = False
    """A query within takes locks on rows."""


def named(tree: Value) -> Named:
    """Collect the oids in a tree."""
    found = Named()
    locks = False
    for node in walk(tree):
        for name, value in node.fields():
            if name in _FUNCTIONS:
                found.functions.update(_oids(node, value))
            elif name in _OPERATORS:
                found.operators.update(oid for oid in _oids(node, value) if oid >= FIRST_OF_USERS)
            elif name in _TYPES:
                found.types.update(oid for oid in _oids(node, value) if oid >= FIRST_OF_USERS)
        if node.tag == "RANGETBLENTRY" and node.has("relid") and node.number("relid"):
            found.relations.add(node.number("relid"))
        locks = locks or node.tag == "ROWMARKCLAUSE"
    found.functions.discard(0)
    return Named(found.relations, found.functions, found.operators, found.types, locks)


def look_up(facts: Facts, objects: Named) -> None:
    """Ask for everything at once, so that it need not be asked for one by one."""
    facts.look_up(objects.relations, objects.functions, objects.operators, objects.types)


def _oids(node: Node, value: Value) -> list[int]:
    parts = value[1:] if isinstance(value, tuple) else (value,)
    try:
        return [int(part) for part in parts if part is not None]  # type: ignore[arg-type]  # a node raises TypeError
    except (TypeError, ValueError):
        raise UnreadableTreeError(f"{node.tag} names no oid where one is expected") from None
