"""Which output columns of an analysed statement can never be NULL.

Errs to one side: what is called never null never is. PostgreSQL has resolved every name by then, and has marked each
column with the outer joins that may fill it with NULLs. NOT NULL of a table's column counts where it binds; that of a
domain does not, since an empty subquery of the domain's type is NULL unchecked.
"""

from queryport.compile.analysis.expressions import Columns, Expressions, type_of
from queryport.compile.analysis.facts import Facts, Moment, Relation
from queryport.compile.analysis.functions import never_null_rows
from queryport.compile.analysis.named import FIRST_OF_USERS
from queryport.compile.analysis.node_tree import Node, only_query
from queryport.compile.analysis.proven import Proven, proven
from queryport.compile.analysis.scope import Command, EntryKind, JoinKind, Scope, SetOperation, outputs

_OLD, _NEW = 1, 2
"""VarReturningType."""
_NOT_MATCHED_BY_SOURCE = 1
"""MergeMatchKind."""


class Nullability:
    """Judges the columns of one statement; `given` are the numbers of the parameters that are never NULL."""

    def __init__(self, facts: Facts, given: frozenset[int] = frozenset()) -> None:
        self._facts = facts
        self._expressions = Expressions(facts, given, self._variable, self._columns)
        self._as_of: Moment | None = None
        self._entries: dict[tuple[Scope, int], Columns] = {}
        self._proven: dict[Scope, Proven] = {}
        self._common: dict[tuple[Scope, str], Columns] = {}
        self._assumed: dict[tuple[Scope, str], Columns] = {}
        self._views: dict[tuple[int, Moment | None], Columns] = {}

    def never_null(self, query: Node) -> Columns:
        """Say of each output column of a statement whether it is never NULL."""
        return self._columns(Scope(query))

    def _columns(self, scope: Scope) -> Columns:
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

    def _variable(self, scope: Scope, variable: Node) -> bool:
        """Whether a column of a range table entry is never NULL where the statement names it."""
        scope = scope.up(variable.number("varlevelsup"))
        index, column = variable.number("varno"), variable.number("varattno")
        if scope.is_target(index):
            return self._written(scope, variable)
        command = scope.query.number("commandType")
        if command == Command.MERGE and any(
            action.number("matchKind") == _NOT_MATCHED_BY_SOURCE for action in scope.query.nodes("mergeActionList")
        ):
            return False
        if scope not in self._proven:
            self._proven[scope] = proven(scope, self._facts)
        known = self._proven[scope]
        if (index, column) in known.columns:
            return True
        if variable.numbers("varnullingrels") and index not in known.entries:
            return False
        return self._column(scope, index, column)

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

    def _written(self, scope: Scope, variable: Node) -> bool:
        """Whether RETURNING gives a column of the table that is written to as never NULL."""
        command, row = scope.query.number("commandType"), variable.number("varreturningtype")
        missing = {
            Command.INSERT: (_OLD,),  # of a row that was there before, by ON CONFLICT alone
            Command.UPDATE: (),
            Command.DELETE: (_NEW,),
        }
        if command in missing and row in missing[Command(command)]:
            return False
        if command == Command.MERGE and row in (_OLD, _NEW):
            return False
        entry = scope.entry(variable.number("varno"))
        relation = self._facts.relation(entry.number("relid"))
        # A view's triggers and a table's rules answer what they like.
        if relation.kind not in ("r", "p") or relation.replaced or relation.foreign:
            return False
        column = variable.number("varattno")
        return column == 0 or (column > 0 and self._binds(relation, entry, column))

    def _entry(self, scope: Scope, index: int) -> Columns:
        """The columns of an entry of the range table."""
        entry = scope.entry(index)
        if entry.number("rtekind") == EntryKind.COMMON_TABLE and entry.flag("self_reference"):
            owner, common = scope.common_table(entry)
            return self._assumed[owner, common.text("ctename")]
        if (scope, index) not in self._entries:
            self._entries[scope, index] = self._read_entry(scope, index, entry)
        return self._entries[scope, index]

    def _read_entry(self, scope: Scope, index: int, entry: Node) -> Columns:
        never_null = self._expressions.never_null
        match entry.number("rtekind"):
            case EntryKind.RELATION:
                return self._relation(entry)
            case EntryKind.SUBQUERY:
                return self._columns(Scope(entry.node("subquery"), scope))
            case EntryKind.JOIN:
                return self._join(scope, index, entry)
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
                self._views[key] = self._columns(Scope(only_query(relation.query)))
            return self._views[key]
        finally:
            self._as_of = before

    def _join(self, scope: Scope, index: int, entry: Node) -> Columns:
        """The columns of a join under a name of its own, or merged by USING."""
        columns = []
        merged = entry.number("joinmergedcols")
        for number, expression in enumerate(entry.nodes("joinaliasvars")):
            sides = expression.nodes("args") if expression.tag == "COALESCEEXPR" else []
            if number < merged and entry.number("jointype") == JoinKind.FULL and len(sides) == 2:
                # One of the two sides has a row.
                columns.append(all(self._before_join(scope, index, side) for side in sides))
            else:
                columns.append(self._expressions.never_null(scope, expression))
        return tuple(columns)

    def _before_join(self, scope: Scope, index: int, side: Node) -> bool:
        if side.tag != "VAR" or side.number("varlevelsup") or set(side.numbers("varnullingrels")) - {index}:
            return False
        return self._column(scope, side.number("varno"), side.number("varattno"))

    def _function(self, scope: Scope, entry: Node) -> Columns:
        items = entry.nodes("functions")
        ordinality = (True,) if entry.flag("funcordinality") else ()
        if len(items) != 1:  # the shorter ones are filled with NULLs
            return (*(False for item in items for _ in range(item.number("funccolcount"))), *ordinality)
        (item,) = items
        count, call = item.number("funccolcount"), item.node("funcexpr")
        never = False
        if call.tag != "FUNCEXPR" or not call.flag("funcretset"):
            never = count == 1 and self._expressions.never_null(scope, call)
        else:
            function = self._facts.function(call.number("funcid"))
            never = (
                function.built_in
                and not call.flag("funcvariadic")
                and (
                    (count == 1 and never_null_rows(function.name, function.arguments))
                    or (count == 2 and function.name in ("json_each", "jsonb_each"))
                )
            )
        return (*(never for _ in range(count)), *ordinality)

    def _common_table(self, scope: Scope, entry: Node) -> Columns:
        owner, common = scope.common_table(entry)
        key = (owner, common.text("ctename"))
        if key not in self._common:
            query = common.node("ctequery")
            if common.flag("cterecursive"):
                self._common[key] = self._recursive(owner, key, query)
            else:
                self._common[key] = self._columns(Scope(query, owner))
        return self._common[key]

    def _recursive(self, owner: Scope, key: tuple[Scope, str], query: Node) -> Columns:
        """The columns that are never NULL if they are not NULL in the rows that the query goes on from."""
        columns: Columns = (True,) * len(outputs(query))
        while True:
            self._assumed[key] = columns
            found = self._columns(Scope(query, owner))
            if found == columns:
                return columns
            columns = tuple(a and b for a, b in zip(columns, found, strict=True))
