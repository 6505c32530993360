"""Finds what an analysed statement that only reads may change all the same: by a function, however it gets there.

It finds as well whether the statement runs code of the project's own.

Follows views, row-level security, operators, aggregates, casts, types and default arguments to the functions that run,
and those to what they call. A function counts as reading where it is declared STABLE or IMMUTABLE, which PostgreSQL
holds the function's own statements to, and calls nothing that may write; where that cannot be seen, it may write.
"""

import re
from collections.abc import Set
from typing import NamedTuple

from queryport.compile.analysis.database.facts import Facts
from queryport.compile.analysis.database.functions import HARMLESS, READING_BY_NAME, is_harmless
from queryport.compile.analysis.database.objects import Function, Relation
from queryport.compile.analysis.tree.named import FIRST_OF_USERS, Named
from queryport.compile.analysis.tree.node_tree import Node, walk
from queryport.compile.analysis.tree.scope import Command

_WORD = re.compile(r'(?P<name>"(?:[^"]|"")+"|[^\W\d][\w$]*)(?P<call>\s*\()?|[+\-*/<>=~!@#%^&|`?]+')
_KEPT_AS_TEXT = frozenset({"sql", "plpgsql"})
_COMPILED = frozenset({"c", "internal"})


class Effects(NamedTuple):
    writers: frozenset[str]
    """The names of what may change something."""
    declarable: frozenset[str]
    """Of them, the project's own functions that are VOLATILE because they are declared no different."""
    own_code: bool
    """Functions run that are no compiled ones: an error may be theirs and not a value's."""


def effects(facts: Facts, query: Node, objects: Named) -> Effects:
    """Return the effects of a statement that names these objects."""
    search = _EffectSearch(facts)
    search.through(objects)
    own_code = search.own_code or (_changes_rows(query) and facts.runs_own_code(search.relations))
    return Effects(frozenset(search.found), frozenset(search.declarable), own_code)


def _changes_rows(query: Node) -> bool:
    return any(node.tag == "QUERY" and node.number("commandType") != Command.SELECT for node in walk(query))


class _EffectSearch:
    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._seen: set[int] = set()
        """Oids, which are unique enough: one that two catalogues share would at worst be looked at for both."""
        self._pending: list[Named] = []
        self.found: set[str] = set()
        self.declarable: set[str] = set()
        self.own_code = False
        self.relations: set[int] = set()

    def through(self, objects: Named) -> None:
        self._pending.append(objects)
        while self._pending:
            self._objects(self._pending.pop())

    def _objects(self, objects: Named) -> None:
        self._facts.look_up_all(objects)
        for oid in objects.relations:
            self._relation(self._facts.relation(oid))
        calls = set(objects.functions)
        for oid in objects.operators:
            calls.update(self._facts.operator(oid))
        calls |= self._functions_of_types(objects.types)
        while calls := calls - {0}:
            self._facts.look_up(functions=calls)
            calls = {inner for oid in calls for inner in self._function(self._facts.function(oid))}

    def _relation(self, relation: Relation) -> None:
        if relation.foreign:
            self.found.add(relation.name)
        self.relations.add(relation.oid)
        if relation.oid in self._seen:
            return
        self._seen.add(relation.oid)
        self._pending += relation.policy_objects
        if relation.kind == "v":
            self._pending.append(relation.objects)
            if relation.objects.locks:
                self.found.add(relation.name)

    def _functions_of_types(self, oids: Set[int]) -> set[int]:
        calls: set[int] = set()
        while oids := oids - self._seen:
            self._seen.update(oids)
            self._facts.look_up(types=oids)
            types = [self._facts.type(oid) for oid in oids]
            for each in types:
                calls.update(each.functions)
                self._pending += each.objects
            oids = {part for each in types for part in each.parts if part >= FIRST_OF_USERS}
        return calls

    def _function(self, function: Function) -> tuple[int, ...]:
        """Note a function that may write; return the functions that it is made up of."""
        if function.oid in self._seen:
            return ()
        self._seen.add(function.oid)
        is_own = function.oid >= FIRST_OF_USERS and function.extension is None
        if is_own and not function.calls and function.language not in _COMPILED:
            self.own_code = True
        if function.volatile:
            known = function.built_in or function.extension is not None
            if known and is_harmless(function.name, function.arguments, function.extension):
                return ()
            self.found.add(function.name)
            if is_own:
                self.declarable.add(function.name)
        elif function.built_in and function.name in READING_BY_NAME:
            self.found.add(function.name)
        elif function.oid >= FIRST_OF_USERS and not function.calls:
            if function.language in _KEPT_AS_TEXT:
                self._text(function)
            elif function.language not in _COMPILED:
                self.found.add(function.name)
        self._pending += function.objects
        return function.calls

    def _text(self, function: Function) -> None:
        """Look for the names of what may write in a body that PostgreSQL keeps as text."""
        calls: set[str] = set()
        words: set[str] = set()
        for match in _WORD.finditer(function.source):
            name = match["name"]
            if name is None:
                words.add(match[0])
                continue
            name = name[1:-1].replace('""', '"') if name.startswith('"') else name.lower()
            (calls if match["call"] else words).add(name)
        if function.language == "plpgsql" and "execute" in calls | words:
            self.found.add(function.name)
        if self._facts.named_writers(calls, words, HARMLESS):
            self.found.add(function.name)
