"""The constraints that a statement may break, and for each the parameters that feed its columns.

Leaves nothing out that can be broken; of what can, a pointer is given only where the statement itself feeds the column.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from queryport.compile.analysis.carried_changes import CarriedChanges
from queryport.compile.analysis.database.constraints import Carrier, Constraint
from queryport.compile.analysis.database.facts import Facts
from queryport.compile.analysis.row_changes import DomainCast, RowChange, RowChanges
from queryport.compile.analysis.row_sources import RowSource
from queryport.compile.analysis.tree.named import Named
from queryport.compile.analysis.tree.node_tree import only_query
from queryport.compile.analysis.tree.scope import EntryKind, Scope, outputs

Sources = frozenset[RowSource]


class Breakable(NamedTuple):
    """A constraint that a statement may break."""

    constraint: Constraint
    sources: Sources
    """The parameters that feed its columns; empty where something else may."""


class Reach(NamedTuple):
    """All that a change reaches."""

    breakable: tuple[Breakable, ...]
    words: frozenset[str]
    """The words of the functions that run: one that raises an error names it."""


def reach_of(facts: Facts, objects: Named, changes: RowChanges) -> Reach | None:
    """Return what a statement reaches that names these objects and makes these changes; None is anything."""
    constraints = facts.constraints
    carried = CarriedChanges(constraints)
    fed = _FedChanges(facts, carried)
    for change in changes.changes:
        fed.take(change)
    carried.run(objects.functions)
    if carried.everything:
        return None
    found = [Breakable(constraint, fed.sources(constraint)) for constraint in carried.breakable.values()]
    types = objects.types.union(*(constraints.carriers[oid].columns.values() for oid in carried.changed))
    for domain in _within(facts, types) & constraints.of_domain.keys():
        sources = _sources_of_domain(facts, changes.casts, domain)
        found += [Breakable(constraint, sources) for constraint in constraints.of_domain[domain]]
    return Reach(tuple(found), frozenset(carried.words))


@dataclass(slots=True)
class _FedChanges:
    """The changes that a statement itself asks for, with the parameters that feed the columns of tables."""

    facts: Facts
    carried: CarriedChanges
    feeds: dict[tuple[int, str], Sources] = field(default_factory=dict)

    def take(self, change: RowChange) -> None:
        """Follow a change of a table, or of the view before it."""
        carrier = self.facts.constraints.carriers.get(change.relation)
        if carrier is None:
            return
        if self.facts.relation(change.relation).kind == "v":
            self._take_through_view(change)
            return
        for number, sources in change.feeds.items():
            if number in carrier.numbers:
                key = carrier.oid, carrier.numbers[number]
                self.feeds[key] = self.feeds.get(key, frozenset()) | sources
        columns, ignores = _named(carrier, change.columns), _named(carrier, change.ignores)
        self.carried.change(carrier.oid, change.command, columns, ignores, direct=True)

    def _take_through_view(self, change: RowChange) -> None:
        """PostgreSQL passes a change of a view on to the one table behind, or triggers and rules decide."""
        self.carried.change(change.relation, change.command, None)
        behind: dict[int, dict[int, Sources]] = {}
        for number, sources in change.feeds.items():
            found = _behind_view(self.facts, change.relation, number)
            if found is not None:
                behind.setdefault(found[0], {})[found[1]] = sources
        for oid in self.facts.relation(change.relation).objects.relations:
            self.take(RowChange(oid, change.command, None, behind.get(oid, {})))

    def sources(self, constraint: Constraint) -> Sources:
        """The parameters that feed a constraint's columns, in its table or in one that the table is a part of."""
        oid: int | None = constraint.owner
        found: Sources = frozenset()
        while oid is not None:
            if oid in self.carried.indirect:
                return frozenset()
            found = found.union(*(self.feeds.get((oid, column), frozenset()) for column in constraint.keys))
            oid = self.facts.constraints.parents.get(oid)
        return found


def _named(carrier: Carrier, numbers: Iterable[int] | None) -> frozenset[str] | None:
    """The names of columns; None is all of them."""
    return None if numbers is None else frozenset(carrier.numbers[each] for each in numbers if each in carrier.numbers)


def _behind_view(facts: Facts, relation: int, column: int) -> tuple[int, int] | None:
    """The table and column behind a view's column that can be written to."""
    scope = Scope(only_query(facts.relation(relation).query))
    for target in outputs(scope.query):
        if target.number("resno") == column:
            variable = scope.origin(target.node("expr"))
            if variable.tag == "VAR" and variable.number("varlevelsup") == 0:
                entry = scope.entry(variable.number("varno"))
                if entry.number("rtekind") == EntryKind.RELATION:
                    return entry.number("relid"), variable.number("varattno")
    return None


def _within(facts: Facts, types: Iterable[int]) -> set[int]:
    """The types of a set and those that their values are made of."""
    found: set[int] = set()
    pending = set(types)
    while pending:
        oid = pending.pop()
        if oid not in found:
            found.add(oid)
            pending.update(facts.type(oid).parts)
    return found


def _sources_of_domain(facts: Facts, casts: Iterable[DomainCast], domain: int) -> Sources:
    found: Sources = frozenset()
    for cast in casts:
        if domain in _within(facts, [cast.domain]) and not cast.is_constant:
            if not cast.sources:
                return frozenset()
            found |= cast.sources
    return found
