"""Asks PostgreSQL's catalogue about the relations, functions and types that an analysed statement names by oid.

Looked up many at a time and kept for a run, so that most statements cost no question of their own. What a statement of
a rehearsed transaction defines makes all of it stale: `forget` it.
"""

from collections.abc import Mapping, Set
from typing import Any, NamedTuple, TypeVar

import psycopg
from psycopg.rows import dict_row

from queryport.compile.analysis.database import questions
from queryport.compile.analysis.database.constraints import Constraints, load
from queryport.compile.analysis.database.objects import Function, Relation, Type
from queryport.compile.analysis.tree.named import Named
from queryport.compile.analysis.tree.node_tree import UnreadableTreeError

_NONE: Set[int] = frozenset()


class Facts:
    """The catalogue of one database, asked as little as possible."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection
        self.forget()

    def forget(self) -> None:
        """Drop what was looked up: a statement has changed the catalogue."""
        self._relations: dict[int, Relation] = {}
        self._functions: dict[int, Function] = {}
        self._operators: dict[int, tuple[int, ...]] = {}
        self._types: dict[int, Type] = {}
        self._settled: _Comparisons | None = None
        self._own_code: dict[int, bool] = {}
        self._named_writers: dict[tuple[frozenset[str], frozenset[str]], bool] = {}
        self._exempt: dict[int, frozenset[int]] = {}
        self._constraints: Constraints | None = None

    @property
    def constraints(self) -> Constraints:
        """The constraints of the database."""
        if self._constraints is None:
            self._constraints = load(self._connection)
        return self._constraints

    def look_up(
        self,
        relations: Set[int] = _NONE,
        functions: Set[int] = _NONE,
        operators: Set[int] = _NONE,
        types: Set[int] = _NONE,
    ) -> None:
        """Ask for all of these objects at once, as far as they are not known yet."""
        for row in self._missing(questions.RELATIONS, relations, self._relations):
            self._relations[row["oid"]] = Relation.of(row)
        for row in self._missing(questions.FUNCTIONS, functions, self._functions):
            self._functions[row["oid"]] = Function.of(row)
        for row in self._missing(questions.OPERATORS, operators, self._operators):
            self._operators[row["oid"]] = tuple(row["functions"])
        for row in self._missing(questions.TYPES, types, self._types):
            self._types[row["oid"]] = Type.of(row)

    def look_up_all(self, objects: Named) -> None:
        """Ask for everything that a tree names."""
        self.look_up(objects.relations, objects.functions, objects.operators, objects.types)

    def relation(self, oid: int) -> Relation:
        if oid not in self._relations:
            self.look_up(relations={oid})
        return _there(self._relations, oid)

    def function(self, oid: int) -> Function:
        if oid not in self._functions:
            self.look_up(functions={oid})
        return _there(self._functions, oid)

    def operator(self, oid: int) -> tuple[int, ...]:
        """Return the functions that may run for an operator, its own first."""
        if oid not in self._operators:
            self.look_up(operators={oid})
        return _there(self._operators, oid)

    def type(self, oid: int) -> Type:
        if oid not in self._types:
            self.look_up(types={oid})
        return _there(self._types, oid)

    @property
    def equalities(self) -> frozenset[int]:
        """The operators by which the default B-trees of types tell values apart."""
        return self._settle().equalities

    @property
    def loose_collations(self) -> frozenset[int]:
        """The collations by which strings that differ may be equal."""
        return self._settle().loose_collations

    def is_exempt(self, owner: int, table: int) -> bool:
        """Whether the policies of a table do not hold for a role, by its oid, that owns a view or a function."""
        return table in self._exempted(owner)

    def is_exempt_somewhere(self, owner: int) -> bool:
        """Whether there is a table whose policies do not hold for the role."""
        return bool(self._exempted(owner))

    def _exempted(self, owner: int) -> frozenset[int]:
        if owner not in self._exempt:
            rows = self._connection.execute(questions.EXEMPT, {"owner": owner}).fetchall()
            self._exempt[owner] = frozenset(table for (table,) in rows)
        return self._exempt[owner]

    def runs_own_code(self, relations: Set[int]) -> bool:
        """Whether a change of rows of a relation, or what cascades from it, runs code of the project's own."""
        missing = relations - self._own_code.keys()
        if missing:
            rows = self._connection.execute(questions.OWN_CODE, {"oids": list(missing)}).fetchall()
            self._own_code |= dict.fromkeys(missing, False) | dict.fromkeys((oid for (oid,) in rows), True)
        return any(self._own_code[oid] for oid in relations)

    def named_writers(self, calls: Set[str], words: Set[str], harmless: Set[str]) -> bool:
        """Whether a function of one of the names that are called, or a view or operator of the other names, may write.

        The names come from a function's body that PostgreSQL keeps as text alone; `harmless` are signatures.
        """
        key = frozenset(calls), frozenset(words)
        if key not in self._named_writers:
            values = {"calls": list(calls), "words": list(calls | words), "harmless": list(harmless)}
            row = self._connection.execute(questions.NAMED, values).fetchone()
            self._named_writers[key] = row is not None and bool(row[0])
        return self._named_writers[key]

    def _settle(self) -> "_Comparisons":
        if self._settled is None:
            row = self._connection.execute(questions.SETTLED).fetchone()
            assert row is not None  # noqa: S101 (a SELECT of two arrays)
            self._settled = _Comparisons(frozenset(row[0]), frozenset(row[1]))
        return self._settled

    def _missing(self, sql: str, oids: Set[int], known: Mapping[int, object]) -> list[dict[str, Any]]:
        missing = [oid for oid in oids if oid not in known]
        if not missing:
            return []
        with self._connection.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(sql.encode(), {"oids": missing}).fetchall()


_Known = TypeVar("_Known")


def _there(known: Mapping[int, _Known], oid: int) -> _Known:
    if oid not in known:
        raise UnreadableTreeError(f"nothing has the oid {oid}")
    return known[oid]


class _Comparisons(NamedTuple):
    equalities: frozenset[int]
    loose_collations: frozenset[int]
