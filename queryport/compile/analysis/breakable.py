"""The constraints that a statement may break, and for each the parameters that feed its columns.

Follows a change from the relation that the statement names to wherever it is carried: to partitions, through foreign
keys, triggers, rules and the functions of defaults. Where a function composes its statements, it may reach anything.
Leaves nothing out that can be broken; of what can, a pointer is given only where the statement itself feeds the column.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from handler.contract.violations import ConstraintKind
from queryport.compile.analysis.database.constraints import WORD, Carrier, Code, Constraint, Constraints
from queryport.compile.analysis.database.facts import Facts
from queryport.compile.analysis.row_changes import DomainCast, RowChange, RowChanges
from queryport.compile.analysis.row_sources import RowSource
from queryport.compile.analysis.tree.named import Named
from queryport.compile.analysis.tree.node_tree import only_query
from queryport.compile.analysis.tree.scope import Command, EntryKind, Scope, outputs

_WRITING = frozenset({"insert", "update", "delete", "merge", "copy", "truncate"})
_EVENTS = {Command.INSERT: 4, Command.DELETE: 8, Command.UPDATE: 16}
_BEFORE_EACH_ROW = 3
_ALL_EVENTS = (Command.INSERT, Command.UPDATE, Command.DELETE)

Sources = frozenset[RowSource]


@dataclass(frozen=True, slots=True)
class Breakable:
    """A constraint that a statement may break."""

    constraint: Constraint
    sources: Sources
    """The parameters that feed its columns; empty where something else may."""


class Reach(NamedTuple):
    """All that a change reaches."""

    breakable: tuple[Breakable, ...]
    words: frozenset[str]
    """The words of the functions that run: one that raises an error names it."""


@dataclass(slots=True)
class _ReachSearch:
    constraints: Constraints
    found: dict[str, Constraint] = field(default_factory=dict)
    indirect: set[int] = field(default_factory=set)
    """The tables that are changed by more than the statement itself."""
    everything: bool = False
    words: set[str] = field(default_factory=set)
    """The words of the functions that run."""
    _seen: set[tuple[int, Command, frozenset[str] | None]] = field(default_factory=set)
    _run: set[int] = field(default_factory=set)

    @property
    def changed(self) -> set[int]:
        """The tables whose rows change."""
        return {oid for oid, _, _ in self._seen}

    def change(
        self,
        oid: int,
        command: Command,
        columns: frozenset[str] | None,
        ignores: frozenset[str] | None = None,
        *,
        direct: bool = False,
    ) -> None:
        """Note what a change of a table's rows may break; `columns` are those that an UPDATE sets, None is all."""
        carrier = self.constraints.carriers.get(oid)
        if carrier is None:
            return
        if not direct:
            self.indirect.add(oid)
        key = (oid, command, columns)
        if key in self._seen and ignores is None:
            return
        self._seen.add(key)
        if command == Command.UPDATE and (carrier.is_partitioned or carrier.has_generated):
            columns = None  # a row may move to another partition, and other columns with it
        calls = [function for function, kind in carrier.triggers if kind & _EVENTS[command]]
        if any(kind & _BEFORE_EACH_ROW == _BEFORE_EACH_ROW for _, kind in carrier.triggers):
            columns = None
        self._break(carrier, command, columns, ignores)
        for child in carrier.children:
            self.change(child, command, columns, ignores, direct=direct)
        self.run(calls if command == Command.DELETE else [*calls, *carrier.functions])
        for ruled in carrier.ruled:
            self.change_anyhow(ruled)

    def _break(
        self, carrier: Carrier, command: Command, columns: frozenset[str] | None, ignores: frozenset[str] | None
    ) -> None:
        for constraint in self.constraints.of_table.get(carrier.oid, ()):
            if command == Command.DELETE:
                continue
            if columns is not None and constraint.touched and not constraint.touched & columns:
                continue
            is_ignorable = constraint.kind is ConstraintKind.UNIQUE and constraint.immediate
            if is_ignorable and ignores is not None and (not ignores or ignores == constraint.keys):
                continue
            self.found[constraint.id] = constraint
        if command == Command.INSERT:
            return
        for key in self.constraints.referring.get(carrier.oid, ()):
            if command == Command.UPDATE and columns is not None and not key.referred_keys & columns:
                continue
            self.found[key.id] = key
            action = key.on_delete if command == Command.DELETE else key.on_update
            if action == "c":
                self.change(key.owner, command, None if command == Command.DELETE else key.keys)
            elif action in "nd":
                self.change(key.owner, Command.UPDATE, key.keys)

    def change_anyhow(self, oid: int) -> None:
        for command in _ALL_EVENTS:
            self.change(oid, command, None)

    def run(self, functions: Iterable[int]) -> None:
        """Note what functions may change, as far as their texts name it."""
        for oid in functions:
            code = self.constraints.code.get(oid)
            if code is None or oid in self._run:
                continue
            self._run.add(oid)
            if code.source is None:
                for relation in code.relations:
                    self.change_anyhow(relation)
                self.run(code.functions)
            else:
                self._text(code, code.source)

    def _text(self, code: Code, source: str) -> None:
        words = frozenset(WORD.findall(source.lower()))
        self.words |= words
        if code.language not in ("sql", "plpgsql") or (code.language == "plpgsql" and "execute" in words):
            self.everything = True
        if words & _WRITING:
            for oid in _named(self.constraints.carriers_by_word, words):
                self.change_anyhow(oid)
        self.run(_named(self.constraints.code_by_word, words))


def _named(by_word: Mapping[str, list[int]], words: Iterable[str]) -> list[int]:
    """A name of several words, as only a quoted one can be, is taken for named where its first word is."""
    return [oid for word in ("", *words) for oid in by_word.get(word, ())]


def reach_of(facts: Facts, objects: Named, changes: RowChanges) -> Reach | None:
    """Return what a statement reaches that names these objects and makes these changes; None is anything."""
    constraints = facts.constraints
    search = _ReachSearch(constraints)
    feeds: dict[tuple[int, str], Sources] = {}
    for change in changes.changes:
        _direct(facts, search, feeds, change)
    search.run(objects.functions)
    if search.everything:
        return None
    found = [Breakable(constraint, _sources(search, feeds, constraint)) for constraint in search.found.values()]
    types = objects.types.union(*(constraints.carriers[oid].columns.values() for oid in search.changed))
    for domain in _within(facts, types) & constraints.of_domain.keys():
        sources = _sources_of_domain(facts, changes.casts, domain)
        found += [Breakable(constraint, sources) for constraint in constraints.of_domain[domain]]
    return Reach(tuple(found), frozenset(search.words))


def _direct(facts: Facts, search: _ReachSearch, feeds: dict[tuple[int, str], Sources], change: RowChange) -> None:
    relation = facts.relation(change.relation)
    carrier = search.constraints.carriers.get(change.relation)
    if carrier is None:
        return
    if relation.kind == "v":
        _through_view(facts, search, feeds, change)
        return
    names = carrier.numbers

    def named(numbers: Iterable[int] | None) -> frozenset[str] | None:
        return None if numbers is None else frozenset(names[number] for number in numbers if number in names)

    for number, sources in change.feeds.items():
        if number in names:
            key = carrier.oid, names[number]
            feeds[key] = feeds.get(key, frozenset()) | sources
    search.change(carrier.oid, change.command, named(change.columns), named(change.ignores), direct=True)


def _through_view(facts: Facts, search: _ReachSearch, feeds: dict[tuple[int, str], Sources], change: RowChange) -> None:
    """A change of a view: PostgreSQL passes it on to the one table behind, or triggers and rules decide."""
    search.change(change.relation, change.command, None)
    behind: dict[int, dict[int, Sources]] = {}
    for number, sources in change.feeds.items():
        found = _behind_view(facts, change.relation, number)
        if found is not None:
            behind.setdefault(found[0], {})[found[1]] = sources
    relations = facts.relation(change.relation).objects.relations
    for oid in relations:
        fed = behind.get(oid, {})
        inner = RowChange(oid, change.command, None, fed)
        _direct(facts, search, feeds, inner)


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


def _sources(search: _ReachSearch, feeds: Mapping[tuple[int, str], Sources], constraint: Constraint) -> Sources:
    """The parameters that feed a constraint's columns, in its table or in one that the table is a part of."""
    oid: int | None = constraint.owner
    found: Sources = frozenset()
    while oid is not None:
        if oid in search.indirect:
            return frozenset()
        found = found.union(*(feeds.get((oid, column), frozenset()) for column in constraint.keys))
        oid = search.constraints.parents.get(oid)
    return found


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
