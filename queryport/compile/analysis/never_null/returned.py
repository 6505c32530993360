"""The columns of the table that is written to, as RETURNING gives them.

A column is never NULL where a NOT NULL binds it, and of the new row also where the statement itself gives it a value:
unless a trigger that fires before changes the row, which any such trigger may.
"""

from collections.abc import Callable

from queryport.compile.analysis.database.facts import Facts
from queryport.compile.analysis.database.objects import Relation
from queryport.compile.analysis.never_null.proven import Proven
from queryport.compile.analysis.tree.node_tree import Node
from queryport.compile.analysis.tree.scope import Command, Scope

_OLD, _NEW = 1, 2
"""VarReturningType."""
_UPDATE_ON_CONFLICT = 2
"""OnConflictAction."""


class Returned:
    """Judges columns of the table that a query writes to; other expressions are judged by what is handed in."""

    def __init__(
        self,
        facts: Facts,
        binds: Callable[[Relation, Node, int], bool],
        never_null: Callable[[Scope, Node], bool],
        proven: Callable[[Scope], Proven],
    ) -> None:
        self._facts = facts
        self._binds = binds
        self._never_null = never_null
        self._proven = proven
        self._assigning: list[Scope] = []

    def never_null(self, scope: Scope, variable: Node) -> bool:
        """Whether RETURNING, or an expression that is assigned, gives a column of the table as never NULL."""
        row = variable.number("varreturningtype")
        if not self._has_row(scope.query, row):
            return False
        entry = scope.entry(variable.number("varno"))
        relation = self._facts.relation(entry.number("relid"))
        # A view's triggers and a table's rules answer what they like.
        if relation.kind not in ("r", "p") or relation.replaced or relation.foreign:
            return False
        column = variable.number("varattno")
        if column <= 0:  # the row as a whole, or what the system keeps of it
            return column == 0 or relation.kind == "r"
        if self._binds(relation, entry, column):
            return True
        before = (variable.number("varno"), column) in self._proven(scope).columns
        if scope in self._assigning:
            return before
        match scope.query.number("commandType"):
            case Command.DELETE:
                return before
            case Command.UPDATE:
                return before if row == _OLD else self._updated(scope, relation, column, kept=before)
            case Command.INSERT:
                return not relation.rewritten and self._inserted(scope, column)
        return False

    def _has_row(self, query: Node, row: int) -> bool:
        """Whether RETURNING always has such a row: there is no old one of an insert, and no new one of a deletion."""
        match query.number("commandType"):
            case Command.INSERT:
                return row != _OLD
            case Command.DELETE:
                return row != _NEW
            case Command.MERGE:
                lacking = {_OLD: Command.INSERT, _NEW: Command.DELETE}.get(row)
                return all(action.number("commandType") != lacking for action in query.nodes("mergeActionList"))
        return True

    def _updated(self, scope: Scope, relation: Relation, column: int, *, kept: bool) -> bool:
        if relation.rewritten or column in relation.generated:
            return False
        assigned = _assigned(scope.query.nodes("targetList"), column)
        return self._value(scope, assigned) if assigned is not None else kept

    def _inserted(self, scope: Scope, column: int) -> bool:
        given = _assigned(scope.query.nodes("targetList"), column)
        if given is None or not self._value(scope, given):
            return False
        conflict = scope.query.maybe("onConflict")
        if conflict is None or conflict.number("action") != _UPDATE_ON_CONFLICT:
            return True
        updated = _assigned(conflict.nodes("onConflictSet"), column)
        return updated is not None and self._value(scope, updated)

    def _value(self, scope: Scope, expression: Node) -> bool:
        """Whether an expression that is assigned is never NULL: it sees the row as it was before."""
        self._assigning.append(scope)
        try:
            return self._never_null(scope, expression)
        finally:
            self._assigning.pop()


def _assigned(targets: list[Node], column: int) -> Node | None:
    found = [target for target in targets if target.number("resno") == column and not target.flag("resjunk")]
    return found[0].node("expr") if len(found) == 1 else None
