"""Judges whether some output columns of an analysed query tell its rows apart.

Two rows that tie, NULLs included, must come from the same row of every item of FROM. The search begins with what ties
and goes on from item to item: one whose unique key is settled is the same row in both, and settles what equals its
columns. What cannot be followed is not unique.
"""

from collections.abc import Container, Mapping, Set

from queryport.compile.analysis.database.facts import Facts
from queryport.compile.analysis.never_null.nullability import Nullability
from queryport.compile.analysis.never_null.proven import proven
from queryport.compile.analysis.settled import Settled
from queryport.compile.analysis.tree.expression_types import type_of
from queryport.compile.analysis.tree.from_items import Part, parts
from queryport.compile.analysis.tree.node_tree import Node, only_query
from queryport.compile.analysis.tree.scope import (
    Command,
    EntryKind,
    Scope,
    SetOperation,
    columns_read,
    gives_one_row,
    outputs,
)

Ties = Mapping[int, bool]
"""Columns, counted from 1, that are the same in two rows; for each, whether it is known not to be NULL."""

_COUNTED = frozenset(
    {
        *("generate_series(integer, integer)", "generate_series(integer, integer, integer)"),
        *("generate_series(bigint, bigint)", "generate_series(bigint, bigint, bigint)"),
        *("generate_series(numeric, numeric)", "generate_series(numeric, numeric, numeric)"),
    }
)


class Uniqueness:
    """Judges the rows of one statement."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts

    def tells_apart(self, query: Node, columns: Set[int]) -> bool:
        """Whether no two rows of a query tie in these output columns, counted from 1."""
        return self._unique(Scope(query), dict.fromkeys(columns, False))

    def _unique(self, scope: Scope, ties: Ties) -> bool:
        query = scope.query
        if query.number("commandType") != Command.SELECT:
            return False
        ties = {column: known for column, known in ties.items() if self._is_exact(scope, column)}
        operation = query.maybe("setOperations")
        if operation is not None:
            return self._combination_unique(scope, operation, ties)
        if gives_one_row(query):
            return True
        settled = Settled(scope, self._facts)
        for target in outputs(query):
            if target.number("resno") in ties:
                settled.tie(target.node("expr"), not_null=ties[target.number("resno")])
        all_the_same = self._follow(settled, self._from(scope))
        if query.has("groupingSets"):
            unique = False
        elif query.nodes("groupClause"):
            unique = self._clauses_settled(settled, ties, query.nodes("groupClause"))
        else:
            unique = all_the_same or query.flag("hasAggs")
        if unique and not query.flag("hasTargetSRFs"):
            return True
        distinct = query.nodes("distinctClause")
        if not distinct or not self._clauses_settled(settled, ties, distinct):
            return False
        return not query.flag("hasDistinctOn") or self._choice_is_certain(scope, ties, distinct)

    def _choice_is_certain(self, scope: Scope, ties: Ties, distinct: list[Node]) -> bool:
        """Whether DISTINCT ON gives the same keys each time: they are what it goes by, or ORDER BY decides the row."""
        chosen_by = {clause.number("tleSortGroupRef") for clause in distinct}
        targets = scope.query.nodes("targetList")
        if all(target.number("ressortgroupref") in chosen_by for target in targets if target.number("resno") in ties):
            return True
        ordered_by = chosen_by | {clause.number("tleSortGroupRef") for clause in scope.query.nodes("sortClause")}
        settled = Settled(scope, self._facts)
        for target in targets:
            if target.number("ressortgroupref") in ordered_by:
                settled.tie(target.node("expr"), not_null=False)
        return not scope.query.has("groupClause") and self._follow(settled, self._from(scope))

    def _from(self, scope: Scope) -> Part:
        return parts(scope.query.node("jointree"), proven(scope, self._facts).entries)

    def _is_exact(self, scope: Scope, column: int) -> bool:
        """Whether values of an output column that are equal are the same, as far as collations go."""
        if not self._facts.loose_collations:
            return True
        target = outputs(scope.query)[column - 1].node("expr")
        return target.tag == "VAR" and target.number("varcollid") not in self._facts.loose_collations

    def _clauses_settled(self, settled: Settled, ties: Ties, clauses: list[Node]) -> bool:
        """Whether everything that GROUP BY or DISTINCT tells rows apart by is the same in two rows that tie."""
        targets = {target.number("ressortgroupref"): target for target in settled.scope.query.nodes("targetList")}
        for clause in clauses:
            target = targets.get(clause.number("tleSortGroupRef"))
            if target is None or clause.number("eqop") not in self._facts.equalities:
                return False
            tied = target.number("resno") in ties and not target.flag("resjunk")
            if not tied and not settled.holds(settled.scope.origin(target.node("expr"))):
                return False
        return True

    def _combination_unique(self, scope: Scope, operation: Node, ties: Ties) -> bool:
        """Whether the rows of UNION, INTERSECT or EXCEPT are told apart by some of its columns."""
        if operation.tag == "RANGETBLREF":
            subquery = scope.entry(operation.number("rtindex")).node("subquery")
            return self._unique(Scope(subquery, scope), ties)
        types = operation.numbers("colTypes")
        if not operation.flag("all") and len(ties) == len(types):
            return True
        kind = operation.number("op")
        sides = {SetOperation.EXCEPT: ("larg",), SetOperation.INTERSECT: ("larg", "rarg")}.get(SetOperation(kind), ())
        return any(
            self._combination_unique(scope, operation.node(side), self._kept(scope, operation.node(side), types, ties))
            for side in sides
        )

    def _kept(self, scope: Scope, side: Node, types: tuple[int, ...], ties: Ties) -> Ties:
        """The columns of a side that tie, without those that are cast to the operation's types."""
        if side.tag == "RANGETBLREF":
            subquery = scope.entry(side.number("rtindex")).node("subquery")
            own = [type_of(target.node("expr")) for target in outputs(subquery)]
        else:
            own = list(side.numbers("colTypes"))
        return {column: known for column, known in ties.items() if own[column - 1] == types[column - 1]}

    def _follow(self, settled: Settled, part: Part) -> bool:
        """Go from item to item as far as it leads; return whether every row of the part is settled."""
        while True:
            before = settled.size
            settled.apply(part.conditions)
            for index in part.entries:
                if index not in settled.entries and self._entry_settled(settled, index):
                    settled.entries.add(index)
            for left, nullable in part.nullable:
                # Which row is on the other side, or that there is none, follows from the row on this side.
                if left <= settled.entries and not nullable.all_entries <= settled.entries:
                    trial = settled.copy()
                    if self._follow(trial, nullable):
                        settled.entries |= nullable.all_entries
            for sides in part.full:
                if not all(side.all_entries <= settled.entries for side in sides):
                    trials = [settled.copy() for _ in sides]
                    if all(
                        settled.is_present(frozenset(side.entries)) and self._follow(trial, side)
                        for trial, side in zip(trials, sides, strict=True)
                    ):
                        settled.entries |= sides[0].all_entries | sides[1].all_entries
            if settled.size == before:
                return part.all_entries <= settled.entries

    def _entry_settled(self, settled: Settled, index: int) -> bool:
        scope, entry = settled.scope, settled.scope.entry(index)
        columns = settled.of(index)
        match entry.number("rtekind"):
            case EntryKind.RELATION:
                return self._row_settled(entry, columns)
            case EntryKind.SUBQUERY:
                query = entry.node("subquery")
                return columns_read(query) <= settled.entries and self._unique(Scope(query, scope), columns)
            case EntryKind.COMMON_TABLE:
                owner, common = scope.common_table(entry)
                if entry.flag("self_reference") or common.has("search_clause") or common.has("cycle_clause"):
                    return False
                return self._unique(Scope(common.node("ctequery"), owner), columns)
            case EntryKind.FUNCTION:
                items = entry.nodes("functions")
                read = columns_read(tuple(items))
                return len(items) == 1 and read <= settled.entries and self._call_settled(entry, items[0], columns)
            case EntryKind.VALUES:
                return len(entry.rows("values_lists")) == 1
        return False

    def _row_settled(self, entry: Node, columns: Ties) -> bool:
        relation = self._facts.relation(entry.number("relid"))
        if relation.kind == "v":
            self._facts.look_up_all(relation.objects)
            return self._unique(Scope(only_query(relation.query)), columns)
        inherited = entry.flag("inh")
        if relation.kind not in ("r", "p", "m") or (inherited and relation.has_children):
            return False
        not_null: Container[int] = relation.not_null if inherited else relation.not_null_itself
        if relation.kind == "m":
            kept = Nullability(self._facts).never_null_in_view(relation)
            not_null = [column for column, never in enumerate(kept, start=1) if never]
        return any(
            all(
                column in columns and (columns[column] or key.nulls_not_distinct or column in not_null)
                for column in key.columns
            )
            for key in relation.unique_keys
        )

    def _call_settled(self, entry: Node, item: Node, columns: Ties) -> bool:
        call, count = item.node("funcexpr"), item.number("funccolcount")
        if call.tag != "FUNCEXPR" or not call.flag("funcretset"):
            return True
        if entry.flag("funcordinality") and count + 1 in columns:
            return True
        function = self._facts.function(call.number("funcid"))
        return function.built_in and function.signature in _COUNTED and 1 in columns
