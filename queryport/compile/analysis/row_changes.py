"""The changes of rows that an analysed statement asks for, with the parameters that feed their columns."""

from collections.abc import Mapping
from typing import NamedTuple

from queryport.compile.analysis.database.facts import Facts
from queryport.compile.analysis.row_sources import RowSource, RowSources
from queryport.compile.analysis.tree.named import FIRST_OF_USERS
from queryport.compile.analysis.tree.node_tree import Node, Value
from queryport.compile.analysis.tree.scope import Command, EntryKind, Scope


class RowChange(NamedTuple):
    """One INSERT, UPDATE, DELETE or MERGE within a statement."""

    relation: int
    command: Command
    columns: frozenset[int] | None
    """The numbers of the columns that an UPDATE sets; None is all."""
    feeds: Mapping[int, frozenset[RowSource]]
    """For each column that is set, the parameters that its value is made of."""
    ignores: frozenset[int] | None = None
    """The columns of the unique index on which ON CONFLICT turns a violation into something else; empty is any."""


class DomainCast(NamedTuple):
    """A value that becomes one of a domain, or of a type that has one within."""

    domain: int
    sources: frozenset[RowSource]
    is_constant: bool


class RowChanges:
    """Reads one statement."""

    def __init__(self, facts: Facts, query: Node) -> None:
        self._sources = RowSources(facts)
        self.changes: list[RowChange] = []
        self.casts: list[DomainCast] = []
        self._read(Scope(query))

    def _read(self, scope: Scope) -> None:
        self._look_at(scope, tuple(value for name, value in scope.query.fields()))
        query = scope.query
        command = query.number("commandType")
        if command in (Command.INSERT, Command.UPDATE, Command.DELETE, Command.MERGE):
            self._changes_of(scope, query, Command(command))

    def _look_at(self, scope: Scope, value: Value) -> None:
        """Read the queries within a query, each with its scope, and the values that become a domain's."""
        pending = [value]
        while pending:
            item = pending.pop()
            if isinstance(item, tuple):
                pending.extend(item)
            elif isinstance(item, Node):
                if item.tag == "QUERY":
                    self._read(Scope(item, scope))
                    continue
                if item.tag == "COERCETODOMAIN":
                    argument = item.node("arg")
                    is_constant = argument.tag in ("CONST", "COERCETODOMAINVALUE")
                    self.casts.append(
                        DomainCast(item.number("resulttype"), self._sources.of(scope, argument), is_constant)
                    )
                if item.tag == "PARAM" and item.number("paramtype") >= FIRST_OF_USERS:
                    self.casts.append(
                        DomainCast(item.number("paramtype"), self._sources.of(scope, item), is_constant=False)
                    )
                if item.tag == "RANGETBLENTRY" and item.number("rtekind") == EntryKind.FUNCTION:
                    self._declared(scope, item)
                pending.extend(item.values())

    def _declared(self, scope: Scope, entry: Node) -> None:
        """The columns that a function in FROM is declared to give."""
        column = 0
        for item in entry.nodes("functions"):
            types = item.numbers("funccoltypes")
            for place in range(item.number("funccolcount")):
                column += 1
                if place < len(types) and types[place] >= FIRST_OF_USERS:
                    sources = self._sources.of_function(scope, entry, column)
                    self.casts.append(DomainCast(types[place], sources, is_constant=False))

    def _changes_of(self, scope: Scope, query: Node, command: Command) -> None:
        relation = scope.entry(query.number("resultRelation")).number("relid")
        if command == Command.MERGE:
            for action in query.nodes("mergeActionList"):
                kind = action.number("commandType")
                if kind in (Command.INSERT, Command.UPDATE, Command.DELETE):
                    self._add(scope, relation, Command(kind), action.nodes("targetList"))
            return
        conflict = query.maybe("onConflict")
        ignores = None if conflict is None else _arbiter(conflict)
        self._add(scope, relation, command, query.nodes("targetList"), ignores)
        if conflict is not None and conflict.nodes("onConflictSet"):
            self._add(scope, relation, Command.UPDATE, conflict.nodes("onConflictSet"))

    def _add(
        self,
        scope: Scope,
        relation: int,
        command: Command,
        targets: list[Node],
        ignores: frozenset[int] | None = None,
    ) -> None:
        feeds = {
            target.number("resno"): self._sources.of(scope, target.node("expr"))
            for target in targets
            if not target.flag("resjunk")
        }
        if command == Command.DELETE:
            feeds = {}
        columns = frozenset(feeds) if command == Command.UPDATE else None
        self.changes.append(RowChange(relation, command, columns, feeds, ignores))


def _arbiter(conflict: Node) -> frozenset[int] | None:
    """The columns of the index that ON CONFLICT names; empty where it names none, None for another kind of index."""
    if conflict.number("constraint"):
        return None
    elements = [element.node("expr") for element in conflict.nodes("arbiterElems")]
    if all(element.tag == "VAR" for element in elements):
        return frozenset(element.number("varattno") for element in elements)
    return None
