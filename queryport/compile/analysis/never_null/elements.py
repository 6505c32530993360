"""Arrays none of whose elements is NULL."""

from collections.abc import Callable

from queryport.compile.analysis.database.facts import Facts
from queryport.compile.analysis.tree.node_tree import Node
from queryport.compile.analysis.tree.scope import Scope, SublinkKind

_MADE_OF_ELEMENTS = frozenset({"string_to_array(text, text)", "enum_range(anyenum)", "enum_range(anyenum, anyenum)"})
"""Built-in functions no element of whose answers is NULL; nor is one of an array that a regular expression split."""

_WHERE_NULLS_BEGIN, _NOWHERE = slice(8, 12), bytes(4)
"""ArrayType.dataoffset, which is 0 of an array that can hold no NULL."""


class Elements:
    """Judges arrays; their elements and subqueries are judged by what is handed in."""

    def __init__(
        self,
        facts: Facts,
        never_null: Callable[[Scope, Node], bool],
        columns: Callable[[Scope], tuple[bool, ...]],
    ) -> None:
        self._facts = facts
        self._never_null = never_null
        self._columns = columns

    def never_null(self, scope: Scope, array: Node) -> bool:
        """Whether no element of an array is NULL; the array itself may be."""
        match array.tag:
            case "RELABELTYPE" | "COLLATEEXPR":
                return self.never_null(scope, array.node("arg"))
            case "CONST" if not array.flag("constisnull"):
                return array.bytes("constvalue")[_WHERE_NULLS_BEGIN] == _NOWHERE
            case "ARRAYEXPR":
                return not array.flag("multidims") and all(
                    self._never_null(scope, element) for element in array.nodes("elements")
                )
            case "SUBLINK" if array.number("subLinkType") == SublinkKind.ARRAY:
                return self._columns(Scope(array.node("subselect"), scope))[0]
            case "FUNCEXPR":
                function = self._facts.function(array.number("funcid"))
                return function.built_in and (
                    function.signature in _MADE_OF_ELEMENTS or function.name == "regexp_split_to_array"
                )
        return False
