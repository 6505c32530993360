"""Asks PostgreSQL's catalogue about the relations, functions and types that an analysed statement names by oid.

Looked up many at a time and kept for a run, so that most statements cost no question of their own. What a statement of
a rehearsed transaction defines makes all of it stale: `forget` it.
"""

from collections.abc import Mapping, Set
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

import psycopg
from psycopg.rows import dict_row

from queryport.compile.analysis import catalogue
from queryport.compile.analysis.constraints import Constraints, load
from queryport.compile.analysis.named import Named, named
from queryport.compile.analysis.node_tree import UnreadableTreeError, Value, read_tree

_NONE: Set[int] = frozenset()

Moment = tuple[int, int]
"""When a row of the catalogue was written: its transaction, and the command within it."""


@dataclass(frozen=True, slots=True)
class UniqueKey:
    """A unique index that holds for every row at once."""

    columns: tuple[int, ...]
    nulls_not_distinct: bool


@dataclass(frozen=True)
class Relation:
    """A table, view, materialised view or foreign table."""

    oid: int
    name: str
    kind: str
    """pg_class.relkind: r table, p partitioned, v view, m materialised view, f foreign, S sequence."""
    not_null: Mapping[int, Moment]
    """The columns that hold no NULL, here and in inheriting tables, each with the time of its promise."""
    not_null_itself: Mapping[int, Moment]
    """The same without what inherits from it: FROM ONLY."""
    unique_keys: tuple[UniqueKey, ...]
    has_children: bool
    """Whether other tables inherit from it, over whose rows its indexes do not reach."""
    foreign: bool
    """Whether some of its rows are another server's."""
    replaced: bool
    """Whether rules or INSTEAD OF triggers decide what a write to it does."""
    rewritten: bool
    """Whether a trigger may change a row before it is written, in it or in a table that inherits from it."""
    generated: frozenset[int]
    """The columns whose values are computed from others, in it or in a table that inherits from it."""
    definition: str | None
    """The analysed query of a view, as pg_node_tree."""
    defined_at: Moment
    secured: bool
    """Its row-level security is on."""
    policy_count: int
    owner: int
    temporary: bool
    invoker: bool
    """A view that reads its tables as its reader, and not as its owner (security_invoker)."""
    policies: tuple[str, ...]
    """The conditions of row-level security, as pg_node_tree."""

    @cached_property
    def query(self) -> Value:
        """The analysed query of a view."""
        return None if self.definition is None else read_tree(self.definition)

    @cached_property
    def objects(self) -> Named:
        """The objects that a view's query names."""
        return named(self.query)

    @cached_property
    def policy_objects(self) -> tuple[Named, ...]:
        """The objects that the conditions of row-level security name."""
        return tuple(named(read_tree(policy)) for policy in self.policies)


@dataclass(frozen=True)
class Function:
    """A function, aggregate or window function."""

    oid: int
    name: str
    schema: str
    arguments: str
    built_in: bool
    """It is one of PostgreSQL's own, so that its behaviour is known."""
    strict: bool
    volatile: bool
    definer: bool
    """It runs as its owner (SECURITY DEFINER)."""
    owner: int
    language: str
    extension: str | None
    """The extension that brought it."""
    source: str
    trees: tuple[str, ...]
    """Its body and its default arguments, where PostgreSQL keeps them analysed, as pg_node_tree."""
    calls: tuple[int, ...]
    """The functions that make up an aggregate."""
    compares: bool
    """It belongs to the comparison operators of a B-tree, which answer no NULL to what is not NULL."""

    @cached_property
    def objects(self) -> tuple[Named, ...]:
        """The objects that the body and the default arguments name, where PostgreSQL keeps them analysed."""
        return tuple(named(read_tree(tree)) for tree in self.trees)

    @property
    def signature(self) -> str:
        return f"{self.name}({self.arguments})"


@dataclass(frozen=True)
class Type:
    """A type, as far as values of it run code of a user's."""

    oid: int
    base: int
    """The type below a domain and the domains below that; otherwise itself."""
    not_null: bool
    """A domain, or one below it, refuses NULL."""
    functions: tuple[int, ...]
    """The functions that read, write, compare and cast its values to JSON."""
    trees: tuple[str, ...]
    """The conditions of a domain, as pg_node_tree."""
    parts: tuple[int, ...]
    """Types that its values are made of."""

    @cached_property
    def objects(self) -> tuple[Named, ...]:
        """The objects that the conditions of a domain name."""
        return tuple(named(read_tree(condition)) for condition in self.trees)


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
        for row in self._missing(catalogue.RELATIONS, relations, self._relations):
            not_null, itself, generated, keys = (
                row.pop(name) for name in ("not_null", "not_null_itself", "generated", "keys")
            )
            self._relations[row["oid"]] = Relation(
                **{**row, "policies": tuple(row["policies"]), "defined_at": tuple(row["defined_at"])},
                generated=frozenset(generated),
                not_null={column: (transaction, command) for column, transaction, command in not_null},
                not_null_itself={column: (transaction, command) for column, transaction, command in itself},
                unique_keys=tuple(UniqueKey(tuple(columns), distinct) for columns, distinct in keys),
            )
        for row in self._missing(catalogue.FUNCTIONS, functions, self._functions):
            lists = {name: tuple(row[name]) for name in ("trees", "calls")}
            self._functions[row["oid"]] = Function(**{**row, **lists})
        for row in self._missing(catalogue.OPERATORS, operators, self._operators):
            self._operators[row["oid"]] = tuple(row["functions"])
        for row in self._missing(catalogue.TYPES, types, self._types):
            lists = {name: tuple(row[name]) for name in ("functions", "trees", "parts")}
            self._types[row["oid"]] = Type(**{**row, **lists})

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
            rows = self._connection.execute(catalogue.EXEMPT, {"owner": owner}).fetchall()
            self._exempt[owner] = frozenset(table for (table,) in rows)
        return self._exempt[owner]

    def runs_own_code(self, relations: Set[int]) -> bool:
        """Whether a change of rows of a relation, or what cascades from it, runs code of the project's own."""
        missing = relations - self._own_code.keys()
        if missing:
            rows = self._connection.execute(catalogue.OWN_CODE, {"oids": list(missing)}).fetchall()
            self._own_code |= dict.fromkeys(missing, False) | dict.fromkeys((oid for (oid,) in rows), True)
        return any(self._own_code[oid] for oid in relations)

    def named_writers(self, calls: Set[str], words: Set[str], harmless: Set[str]) -> bool:
        """Whether a function of one of the names that are called, or a view or operator of the other names, may write.

        The names come from a function's body that PostgreSQL keeps as text alone; `harmless` are signatures.
        """
        values = {"calls": list(calls), "words": list(calls | words), "harmless": list(harmless)}
        row = self._connection.execute(catalogue.NAMED, values).fetchone()
        return row is not None and bool(row[0])

    def _settle(self) -> "_Comparisons":
        if self._settled is None:
            row = self._connection.execute(catalogue.SETTLED).fetchone()
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


@dataclass(frozen=True, slots=True)
class _Comparisons:
    equalities: frozenset[int]
    loose_collations: frozenset[int]
