"""Judges whether the output columns of an analysed statement can be NULL.

Errs to one side: what is called never null never is. PostgreSQL has resolved every name by then, and has marked each
column with the outer joins that may fill it with NULLs. NOT NULL of a table's column counts where it binds; that of a
domain does not, since an empty subquery of the domain's type is NULL unchecked.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from queryport.compile.analysis.database.facts import Facts
from queryport.compile.analysis.database.objects import Moment, Relation
from queryport.compile.analysis.never_null.expressions import Columns, Expressions
from queryport.compile.analysis.never_null.matched import Matched
from queryport.compile.analysis.never_null.proven import Names, Proven, proven
from queryport.compile.analysis.never_null.returned import Returned
from queryport.compile.analysis.tree.expression_types import type_of
from queryport.compile.analysis.tree.named import FIRST_OF_USERS
from queryport.compile.analysis.tree.node_tree import Node, only_query
from queryport.compile.analysis.tree.scope import ColumnId, Command, EntryKind, Scope, SetOperation, outputs

_NOT_MATCHED_BY_SOURCE = 1
"""MergeMatchKind."""


class Nullability:
    """Judges the columns of one statement; `given` are the numbers of the parameters that are never NULL."""

    def __init__(self, facts: Facts, given: frozenset[int] = frozenset()) -> None:
        self._facts = facts
        self._expressions = Expressions(facts, given, self)
        self._returned = Returned(facts, self._binds, self._expressions.never_null, self.proven)
        self._as_of: Moment | None = None
        self._entries: dict[tuple[Scope, int], Columns] = {}
        self._proven: dict[Scope, Proven] = {}
        self._joins: dict[Scope, Matched] = {}
        self._common: dict[tuple[Scope, str], Columns] = {}
        self._assumed: dict[tuple[Scope, str], Columns] = {}
        self._known: list[tuple[Scope, ColumnId]] = []
        self._views: dict[tuple[int, Moment | None], Columns] = {}

    def never_null(self, query: Node) -> Columns:
        """Say of each output column of a statement whether it is never NULL."""
        return self.columns(Scope(query))

    def columns(self, scope: Scope) -> Columns:
        operations = scope.query.maybe("setOperations")
        if operations is not None:
            return self._combined(scope, operations)
        return tuple(self._expressions.never_null(scope, target.node("expr")) for target in outputs(scope.query))

    def _combined(self, scope: Scope, operation: Node) -> Columns:
        """The columns of UNION, INTERSECT or EXCEPT, or of a query below it."""
        if operation.tag == "RANGETBLREF":
            return self._entry(scope, operation.number("rtindex"))
        left, right = (self._side(scope, operation, operation.node(side)) for side in ("larg", "rarg"))
        match SetOperation(operation.number("op")):
            case SetOperation.UNION:
                return tuple(a and b for a, b in zip(left, right, strict=True))
            case SetOperation.INTERSECT:
                return tuple(a or b for a, b in zip(left, right, strict=True))
            case SetOperation.EXCEPT:
                return left

    def _side(self, scope: Scope, operation: Node, side: Node) -> Columns:
        """The columns of a side, cast to the operation's types: a user's cast may answer NULL."""
        columns = self._combined(scope, side)
        if side.tag == "RANGETBLREF":
            subquery = scope.entry(side.number("rtindex")).node("subquery")
            given = [type_of(target.node("expr")) for target in outputs(subquery)]
        else:
            given = list(side.numbers("colTypes"))
        return tuple(
            never and (own == wanted or (own is not None and max(own, wanted) < FIRST_OF_USERS))
            for never, own, wanted in zip(columns, given, operation.numbers("colTypes"), strict=True)
        )

    def proven(self, scope: Scope) -> Proven:
        """Return what the conditions of a query prove."""
        if scope not in self._proven:
            self._proven[scope] = proven(scope, self._facts)
        return self._proven[scope]

    def variable(self, scope: Scope, variable: Node) -> bool:
        """Say whether a column of a range table entry is never NULL where the statement names it."""
        levels, index = variable.number("varlevelsup"), variable.number("varno")
        owner = scope.up(levels)
        if owner.is_target(index):
            return self._returned.never_null(owner, variable)
        if self._not_matched_by_source(owner.query):
            return False
        if self._is_required(scope, owner, variable):
            return True
        if self._matched(owner).filled_by(variable) and index not in self.proven(owner).entries:
            return False
        return self._column(owner, index, variable.number("varattno"))

    @contextmanager
    def knowing(self, scope: Scope, names: Names) -> Iterator[None]:
        """Take columns for never NULL, where a branch of a CASE comes to be only with them."""
        known = self._known
        self._known = [*known, *((scope.up(name.levels), name.column) for name in names)]
        try:
            yield
        finally:
            self._known = known

    @staticmethod
    def _not_matched_by_source(query: Node) -> bool:
        return query.number("commandType") == Command.MERGE and any(
            action.number("matchKind") == _NOT_MATCHED_BY_SOURCE for action in query.nodes("mergeActionList")
        )

    def _is_required(self, scope: Scope, owner: Scope, variable: Node) -> bool:
        """Whether a condition proves a column, of its own query or of one that the column is named in."""
        column = owner.column(variable)
        if column is None:
            return False
        if (owner, column) in self._known:
            return True
        levels = variable.number("varlevelsup")
        return column in self.proven(owner).columns or any(
            (levels - further, column) in self.proven(scope.up(further)).outer for further in range(levels)
        )

    def _matched(self, scope: Scope) -> Matched:
        if scope not in self._joins:
            self._joins[scope] = Matched(scope)
        return self._joins[scope]

    def is_one_side_there(self, scope: Scope, expressions: list[Node]) -> bool:
        """Say whether two of these are columns of a FULL JOIN's two sides, each never NULL where its side has a row."""
        sides: dict[int, set[int]] = {}
        for expression in expressions:
            if expression.tag != "VAR" or expression.number("varlevelsup"):
                continue
            filled_by = self._matched(scope).filled_by(expression)
            index, column = expression.number("varno"), expression.number("varattno")
            if len(filled_by) == 1 and not scope.is_target(index) and self._column(scope, index, column):
                (join,) = filled_by
                sides.setdefault(join, set()).add(index)
        return any(self._matched(scope).has_both_sides(join, frozenset(found)) for join, found in sides.items())

    def _column(self, scope: Scope, index: int, column: int) -> bool:
        """Whether a column is never NULL in its own entry, before any outer join."""
        entry = scope.entry(index)
        kind = entry.number("rtekind")
        if column == 0:  # the row as a whole
            return kind in (EntryKind.RELATION, EntryKind.SUBQUERY, EntryKind.COMMON_TABLE, EntryKind.VALUES)
        if column < 0:
            return kind == EntryKind.RELATION and self._facts.relation(entry.number("relid")).kind in ("r", "m")
        columns = self._entry(scope, index)
        return column <= len(columns) and columns[column - 1]

    def _entry(self, scope: Scope, index: int) -> Columns:
        """The columns of an entry of the range table."""
        entry = scope.entry(index)
        if entry.number("rtekind") == EntryKind.COMMON_TABLE and entry.flag("self_reference"):
            owner, common = scope.common_table(entry)
            return self._assumed[owner, common.text("ctename")]
        if (scope, index) not in self._entries:
            # What one branch of a CASE knows does not hold wherever else the entry is named.
            known, self._known = self._known, []
            try:
                self._entries[scope, index] = self._read_entry(scope, entry)
            finally:
                self._known = known
        return self._entries[scope, index]

    def _read_entry(self, scope: Scope, entry: Node) -> Columns:
        never_null = self._expressions.never_null
        match entry.number("rtekind"):
            case EntryKind.RELATION:
                return self._relation(entry)
            case EntryKind.SUBQUERY:
                return self.columns(Scope(entry.node("subquery"), scope))
            case EntryKind.JOIN:
                return tuple(never_null(scope, expression) for expression in entry.nodes("joinaliasvars"))
            case EntryKind.FUNCTION:
                return self._function(scope, entry)
            case EntryKind.VALUES:
                rows = [[never_null(scope, value) for value in row] for row in entry.rows("values_lists")]
                return tuple(all(column) for column in zip(*rows, strict=True))
            case EntryKind.COMMON_TABLE:
                return self._common_table(scope, entry)
            case EntryKind.GROUP if not scope.query.has("groupingSets"):
                return tuple(never_null(scope, expression) for expression in entry.nodes("groupexprs"))
        return ()

    def _relation(self, entry: Node) -> Columns:
        relation = self._facts.relation(entry.number("relid"))
        if relation.kind in ("v", "m"):
            return self.never_null_in_view(relation)
        if relation.kind not in ("r", "p") or relation.foreign:
            return ()
        last = max((*relation.not_null, *relation.not_null_itself), default=0)
        return tuple(self._binds(relation, entry, column) for column in range(1, last + 1))

    def _binds(self, relation: Relation, entry: Node, column: int) -> bool:
        """Whether NOT NULL holds for every row of a table; in a materialised view, since it was made."""
        since = (relation.not_null if entry.flag("inh") else relation.not_null_itself).get(column)
        return since is not None and (self._as_of is None or since < self._as_of)

    def never_null_in_view(self, relation: Relation) -> Columns:
        """Say of each column of a view whether it is never NULL.

        A materialised view keeps rows from before what has been changed since it was made.
        """
        if relation.kind == "v" and self._as_of is not None and relation.defined_at >= self._as_of:
            return ()
        before = self._as_of
        self._as_of = relation.defined_at if relation.kind == "m" else before
        try:
            key = (relation.oid, self._as_of)
            if key not in self._views:
                self._facts.look_up_all(relation.objects)
                self._views[key] = self.columns(Scope(only_query(relation.query)))
            return self._views[key]
        finally:
            self._as_of = before

    def _function(self, scope: Scope, entry: Node) -> Columns:
        items = entry.nodes("functions")
        ordinality = (True,) if entry.flag("funcordinality") else ()
        if len(items) != 1:  # the shorter ones are filled with NULLs
            return (*(False for item in items for _ in range(item.number("funccolcount"))), *ordinality)
        (item,) = items
        return (*self._expressions.rows(scope, item.node("funcexpr"), item.number("funccolcount")), *ordinality)

    def _common_table(self, scope: Scope, entry: Node) -> Columns:
        owner, common = scope.common_table(entry)
        key = (owner, common.text("ctename"))
        if key not in self._common:
            query = common.node("ctequery")
            if common.flag("cterecursive"):
                self._common[key] = self._recursive(owner, key, query)
            else:
                self._common[key] = self.columns(Scope(query, owner))
        return (*self._common[key], *self._expressions.of_search_and_cycle(owner, common))

    def _recursive(self, owner: Scope, key: tuple[Scope, str], query: Node) -> Columns:
        """The columns that are never NULL if they are not NULL in the rows that the query goes on from."""
        columns: Columns = (True,) * len(outputs(query))
        while True:
            self._assumed[key] = columns
            found = self.columns(Scope(query, owner))
            if found == columns:
                return columns
            columns = tuple(a and b for a, b in zip(columns, found, strict=True))
