"""The JSON parameters that an analysed statement takes apart into rows: the columns that each object is to have.

Found by the functions' oids. A parameter counts only if all of its occurrences ask for such a document: a statement may
look at one first, and then take it apart or not.
"""

from collections.abc import Set
from typing import NamedTuple

from queryport.compile.analysis.database.facts import Facts
from queryport.compile.analysis.row_sources import RECORD_FUNCTIONS, RECORDSET_FUNCTIONS
from queryport.compile.analysis.tree.named import FIRST_OF_USERS
from queryport.compile.analysis.tree.node_tree import Node, Value
from queryport.compile.analysis.tree.scope import ParameterKind

_FITTING = frozenset(
    f"{prefix}_{name}"
    for prefix in ("json", "jsonb")
    for name in ("array_length", "array_elements", "array_elements_text")
)
"""Functions that a document may be given to besides."""


class DocumentForm(NamedTuple):
    """The form of a JSON parameter."""

    is_array: bool
    columns: tuple[tuple[str, int], ...]
    """The members of the object, or of each in the array, with the oids of their types."""
    composite: int
    """The oid of the composite type that they are the fields of, where they are not listed; else 0."""


_APART = RECORD_FUNCTIONS | RECORDSET_FUNCTIONS


def documents(facts: Facts, query: Node, functions: Set[int]) -> dict[int, list[DocumentForm]]:
    """Return the forms of the parameters of a statement, which names these functions, by their numbers."""
    if not any(facts.function(oid).name in _APART for oid in functions if oid < FIRST_OF_USERS):
        return {}
    found: dict[int, list[DocumentForm]] = {}
    others: set[int] = set()
    pending: list[tuple[Value, bool]] = [(query, False)]
    while pending:
        item, fits = pending.pop()
        if isinstance(item, tuple):
            pending.extend((inner, fits) for inner in item)
            continue
        if not isinstance(item, Node):
            continue
        if item.tag == "PARAM" and item.number("paramkind") == ParameterKind.EXTERNAL and not fits:
            others.add(item.number("paramid"))
        call = item.node("funcexpr") if item.tag == "RANGETBLFUNCTION" else item
        if call.tag == "FUNCEXPR" and call.number("funcid") < FIRST_OF_USERS:
            function = facts.function(call.number("funcid"))
            if function.name in _APART:
                parameter = call.nodes("args")[-1]
                columns = _columns(item) if item.tag == "RANGETBLFUNCTION" else ()
                composite = call.number("funcresulttype")
                if parameter.tag == "PARAM" and (columns or composite >= FIRST_OF_USERS):
                    is_array = function.name in RECORDSET_FUNCTIONS
                    document = DocumentForm(is_array, columns, 0 if columns else composite)
                    found.setdefault(parameter.number("paramid"), []).append(document)
                    pending.extend((inner, False) for inner in call.nodes("args")[:-1])
                    continue
            if function.name in _FITTING:
                pending.extend((inner, inner.tag == "PARAM") for inner in call.nodes("args"))
                continue
        pending.extend((inner, item.tag == "NULLTEST") for inner in item.values())
    return {number: forms for number, forms in found.items() if number not in others}


def _columns(item: Node) -> tuple[tuple[str, int], ...]:
    """The columns that stand behind AS."""
    if not item.has("funccolnames"):
        return ()
    return tuple(zip(item.strings("funccolnames"), item.numbers("funccoltypes"), strict=True))
