"""Finds what is the same in two rows of a query that tie: columns, and whole rows of the items of FROM."""

from collections.abc import Iterable, Mapping, Set

from queryport.compile.analysis.database.facts import Facts
from queryport.compile.analysis.tree.expression_types import call_of, type_of
from queryport.compile.analysis.tree.node_tree import Node, walk
from queryport.compile.analysis.tree.scope import ColumnId, EntryKind, Scope

_TEXTS = frozenset({25, 1043})
"""text and varchar, which are compared as one."""

_CALCULATED = frozenset(
    {
        *("VAR", "CONST", "PARAM", "FUNCEXPR", "OPEXPR", "RELABELTYPE", "COERCEVIAIO", "COERCETODOMAIN", "BOOLEXPR"),
        *("SQLVALUEFUNCTION", "NAMEDARGEXPR", "COALESCEEXPR", "CASEEXPR", "CASEWHEN", "NULLTEST", "ARRAYEXPR"),
    }
)
"""Expressions that are the same wherever what they are made of is the same."""


class Settled:
    """Columns by their values, entries of the range table by their rows, in one query."""

    def __init__(self, scope: Scope, facts: Facts) -> None:
        self.scope = scope
        self._facts = facts
        self._columns: dict[ColumnId, bool] = {}
        self.entries: set[int] = set()
        """Entries with the same row in both, or with none in both by an outer join."""

    def copy(self) -> "Settled":
        """Return a copy, for what holds only where an outer join has a row."""
        other = Settled(self.scope, self._facts)
        other._columns = dict(self._columns)
        other.entries = set(self.entries)
        return other

    @property
    def size(self) -> int:
        """The extent of what is settled, to see whether more has come."""
        return len(self._columns) + sum(self._columns.values()) + len(self.entries)

    def of(self, index: int) -> Mapping[int, bool]:
        """Return the columns of an entry that are the same; for each, whether it is known not to be NULL."""
        return {column: known for (entry, column), known in self._columns.items() if entry == index}

    def tie(self, expression: Node, *, not_null: bool) -> None:
        """Take an expression's value for the same, by its type's own idea of equality."""
        column = self._column(expression)
        if column is not None:
            self._columns[column] = self._columns.get(column, False) or not_null

    def apply(self, conditions: Iterable[Node]) -> None:
        """Take from conditions that hold what else is the same: `column = what is the same already`."""
        for condition in conditions:
            negated = condition.tag == "BOOLEXPR" and condition.text("boolop") == "not"
            plain = condition.nodes("args")[0] if negated else condition
            if plain.tag == "VAR":  # a boolean
                self.tie(plain, not_null=True)
            elif condition.tag == "OPEXPR" and self._is_equality(condition):
                left, right = condition.nodes("args")
                for one, other in ((left, right), (right, left)):
                    if self.holds(other):
                        self.tie(one, not_null=True)

    def holds(self, expression: Node) -> bool:
        """Whether an expression has the same value in both rows."""
        column = self._column(expression)
        if column is not None and column in self._columns:
            return True
        return all(self._is_the_same(node) for node in walk(expression))

    def is_present(self, entries: Set[int]) -> bool:
        """Whether both rows, or none of them, have a row of these entries: a column that ties there is never NULL."""
        return any(
            index in entries and (known or self._stored_not_null(index, column))
            for (index, column), known in self._columns.items()
        )

    def _stored_not_null(self, index: int, column: int) -> bool:
        entry = self.scope.entry(index)
        if entry.number("rtekind") != EntryKind.RELATION:
            return False
        relation = self._facts.relation(entry.number("relid"))
        return column in (relation.not_null if entry.flag("inh") else relation.not_null_itself)

    def _is_equality(self, condition: Node) -> bool:
        operator = condition.number("opno")
        return (
            operator in self._facts.equalities
            and self._facts.function(self._facts.operator(operator)[0]).strict
            and condition.number("inputcollid") not in self._facts.loose_collations
            and len(condition.nodes("args")) == 2
        )

    def _is_the_same(self, node: Node) -> bool:
        if node.tag not in _CALCULATED:
            return False
        if node.tag == "VAR" and node.number("varlevelsup") == 0:
            return node.number("varno") in self.entries
        call = call_of(node)
        return call is None or not (call.returns_set or self._facts.function(call.function).volatile)

    def _column(self, expression: Node) -> ColumnId | None:
        """Return the column that an expression is, but for casts that leave it the same value."""
        while True:
            expression = self.scope.origin(expression)
            if expression.tag in ("RELABELTYPE", "COERCETODOMAIN"):
                inner = expression.node("arg")
                if not self._same_type(type_of(inner), expression.number("resulttype")):
                    return None
                expression = inner
            else:
                break
        if expression.tag != "VAR" or expression.number("varlevelsup") or expression.number("varattno") <= 0:
            return None
        return expression.number("varno"), expression.number("varattno")

    def _same_type(self, one: int | None, other: int) -> bool:
        if one is None:
            return False
        bases = {self._facts.type(one).base, self._facts.type(other).base}
        return len(bases) == 1 or bases <= _TEXTS
