"""The constraints of a database, and what carries a change from one relation to another: asked once, whole.

A change of a row may break constraints far from it: by foreign keys that cascade, by triggers, by rules, by defaults.
Knows nothing of statements; which constraints one may break is for `breakable` to find out.
"""

import re
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any, NamedTuple

import psycopg
from psycopg.rows import dict_row

from handler.contract.violations import ConstraintKind
from queryport.compile.analysis.database import constraint_questions

WORD = re.compile(r"\w+")


class Constraint(NamedTuple):
    """A constraint, a unique index without one, or NOT NULL of a column or a domain."""

    id: str
    parent: str | None
    """The constraint of the partitioned table, or of the one inherited from, that this one stands for."""
    kind: ConstraintKind
    name: str
    owner: int
    """The oid of its table, or of its domain."""
    owner_name: str
    schema: str
    keys: frozenset[str]
    """The columns that it judges."""
    touched: frozenset[str]
    """The columns whose change may break it: those, and what a partial index depends on."""
    comment: str | None
    not_null: bool = False
    """Of a domain: its NOT NULL."""
    immediate: bool = True
    referred: int = 0
    """Of a foreign key: the table that it refers to."""
    referred_keys: frozenset[str] = frozenset()
    on_delete: str = "a"
    on_update: str = "a"

    @property
    def names(self) -> tuple[str, str, str]:
        """The ways to write it, from the shortest to the one that leaves nothing open."""
        return self.name, f"{self.owner_name}.{self.name}", f"{self.schema}.{self.owner_name}.{self.name}"


class Carrier(NamedTuple):
    """A table or view, with what carries its changes on."""

    oid: int
    name: str
    columns: Mapping[str, int]
    """The oids of the columns' types."""
    numbers: Mapping[int, str]
    """The columns' names by number."""
    children: tuple[int, ...]
    """The tables that inherit from it, or are its partitions."""
    is_partitioned: bool
    triggers: tuple[tuple[int, int], ...]
    """The functions of its triggers, each with pg_trigger.tgtype."""
    ruled: tuple[int, ...]
    """The relations that its rules name."""
    functions: tuple[int, ...]
    """The functions of its defaults and generated columns."""
    has_generated: bool


class Code(NamedTuple):
    """A function of the project's own."""

    oid: int
    name: str
    source: str | None
    """Its text, where PostgreSQL keeps it as one."""
    language: str
    relations: tuple[int, ...]
    """The relations and functions that it names, where PostgreSQL has analysed it."""
    functions: tuple[int, ...]


class Constraints:
    """The constraints of a database, with what carries changes to them, each by what it is looked up by."""

    def __init__(self, constraints: Iterable[Constraint], carriers: Iterable[Carrier], code: Iterable[Code]) -> None:
        self.by_id = {constraint.id: constraint for constraint in constraints}
        self.carriers = {carrier.oid: carrier for carrier in carriers}
        self.code = {each.oid: each for each in code}
        self.of_table: dict[int, list[Constraint]] = {}
        self.of_domain: dict[int, list[Constraint]] = {}
        self.referring: dict[int, list[Constraint]] = {}
        """The foreign keys that refer to a table."""
        for constraint in self.by_id.values():
            of = self.of_domain if constraint.kind is ConstraintKind.DOMAIN else self.of_table
            of.setdefault(constraint.owner, []).append(constraint)
            if constraint.referred:
                self.referring.setdefault(constraint.referred, []).append(constraint)
        self.parents = {child: carrier.oid for carrier in self.carriers.values() for child in carrier.children}

    @cached_property
    def carriers_by_word(self) -> dict[str, list[int]]:
        """Tables and views by the first word of their names, by which a function's text may mean them."""
        return _by_word(self.carriers)

    @cached_property
    def code_by_word(self) -> dict[str, list[int]]:
        """Functions, likewise."""
        return _by_word(self.code)

    def line(self, constraint: Constraint) -> list[Constraint]:
        """Return a constraint and those that it stands for, the nearest first."""
        found = []
        each: Constraint | None = constraint
        while each is not None:
            found.append(each)
            each = self.by_id.get(each.parent or "")
        return found

    def comment(self, constraint: Constraint) -> str | None:
        """Return its comment, or that of what it stands for."""
        return next((each.comment for each in self.line(constraint) if each.comment), None)


def load(connection: psycopg.Connection[Any]) -> Constraints:
    """Ask PostgreSQL's catalogue."""
    with connection.cursor(row_factory=dict_row) as cursor:
        constraints = [_constraint(row) for row in cursor.execute(constraint_questions.CONSTRAINTS).fetchall()]
        carriers = [
            Carrier(
                **row
                | {name: tuple(row[name]) for name in ("children", "ruled", "functions")}
                | {
                    "columns": {name: type_ for _, name, type_ in row["columns"]},
                    "numbers": {number: name for number, name, _ in row["columns"]},
                    "triggers": tuple((function, kind) for function, kind in row["triggers"]),
                }
            )
            for row in cursor.execute(constraint_questions.CARRIERS).fetchall()
        ]
        code = [
            Code(**row | {name: tuple(row[name]) for name in ("relations", "functions")})
            for row in cursor.execute(constraint_questions.CODE).fetchall()
        ]
    return Constraints(constraints, carriers, code)


def _by_word(named: Mapping[int, Carrier] | Mapping[int, Code]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for oid, each in named.items():
        words = WORD.findall(each.name.lower())
        found.setdefault(words[0] if words else "", []).append(oid)
    return found


def _constraint(row: dict[str, Any]) -> Constraint:
    columns = {name: frozenset(row[name] or ()) for name in ("keys", "touched", "referred_keys")}
    return Constraint(**row | columns | {"kind": ConstraintKind(row["kind"])})
