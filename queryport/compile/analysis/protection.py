"""Finds where row-level security does not hold for what a statement reaches: tables without it, and ways around it.

A view reads its tables as its owner unless it is `security_invoker`, and a function that is SECURITY DEFINER runs as
its owner: where that owner is exempt from a table's policies, so is the caller. Both are followed by oid. The body of a
function that PostgreSQL keeps as text alone says nothing that is certain, and counts as reading any table.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

from queryport.compile.analysis.database.facts import Facts
from queryport.compile.analysis.database.objects import Relation
from queryport.compile.analysis.tree.named import FIRST_OF_USERS, Named, named
from queryport.compile.analysis.tree.node_tree import Node


class Detour(NamedTuple):
    """A view or a function by which a caller gets around the policies of a table."""

    kind: str
    """`view` or `function`."""
    name: str
    table: str | None
    """None where it is not known which tables the function reads."""


@dataclass(slots=True)
class Protection:
    tables: dict[int, Relation] = field(default_factory=dict)
    """The tables that are reached, those of policies' conditions left out."""
    detours: set[Detour] = field(default_factory=set)
    hidden: bool = False
    """Functions run whose tables cannot be told."""


def protection(facts: Facts, query: Node) -> Protection:
    """Return what is known of the policies that hold for a statement."""
    search = _ProtectionSearch(facts)
    search.through(named(query), None, None, None)
    return search.found


class _ProtectionSearch:
    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._seen: set[tuple[int, int | None, int | None]] = set()
        self.found = Protection()

    def through(self, objects: Named, user: int | None, reader: int | None, via: Detour | None) -> None:
        """Follow objects that run as `user`, whose tables are read as `reader`; None stands for the caller."""
        self._facts.look_up_all(objects)
        for oid in objects.relations:
            relation = self._facts.relation(oid)
            if (oid, user, reader) in self._seen:
                continue
            self._seen.add((oid, user, reader))
            if relation.kind != "v":
                self._table(relation, reader, via)
            elif relation.invoker:
                self.through(relation.objects, user, user, via)
            else:
                self.through(relation.objects, user, relation.owner, Detour("view", relation.name, None))
        calls = set(objects.functions)
        for oid in objects.operators:
            calls.update(self._facts.operator(oid))
        for oid in calls:
            if oid >= FIRST_OF_USERS and (oid, user, None) not in self._seen:
                self._seen.add((oid, user, None))
                self._function(oid, user, via)

    def _table(self, table: Relation, reader: int | None, via: Detour | None) -> None:
        self.found.tables[table.oid] = table
        if via is not None and reader is not None and table.secured and self._facts.is_exempt(reader, table.oid):
            self.found.detours.add(via._replace(table=table.name))

    def _function(self, oid: int, user: int | None, via: Detour | None) -> None:
        function = self._facts.function(oid)
        if function.extension is not None or function.calls:
            return
        runs_as = function.owner if function.definer else user
        through = Detour("function", function.name, None) if function.definer else via
        if function.trees:
            for objects in function.objects:
                self.through(objects, runs_as, runs_as, through)
        if function.source and function.language not in ("c", "internal"):
            self.found.hidden = True
            if function.definer and self._facts.is_exempt_somewhere(function.owner):
                self.found.detours.add(Detour("function", function.name, None))
