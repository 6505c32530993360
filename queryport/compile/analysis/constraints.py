"""The constraints of a database, and what carries a change from one relation to another: asked once, whole.

A change of a row may break constraints far from it: by foreign keys that cascade, by triggers, by rules, by defaults.
Knows nothing of statements; which constraints one may break is for `breakable` to find out.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import psycopg
from psycopg.rows import dict_row

from handler.contract.violations import ConstraintKind

WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Constraint:
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


@dataclass(frozen=True, slots=True)
class Carrier:
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


@dataclass(frozen=True, slots=True)
class Code:
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
    """All of it."""

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
        constraints = [_constraint(row) for row in cursor.execute(_CONSTRAINTS).fetchall()]
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
            for row in cursor.execute(_CARRIERS).fetchall()
        ]
        code = [
            Code(**row | {name: tuple(row[name]) for name in ("relations", "functions")})
            for row in cursor.execute(_CODE).fetchall()
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


_CONSTRAINTS = """
SELECT 'i' || i.indexrelid AS id,
  (SELECT 'i' || h.inhparent FROM pg_inherits h WHERE h.inhrelid = i.indexrelid) AS parent,
  'unique' AS kind, ic.relname AS name, i.indrelid::bigint AS owner, c.relname AS owner_name, n.nspname AS schema,
  ARRAY(
    SELECT a.attname FROM pg_attribute a WHERE a.attrelid = i.indrelid AND a.attnum > 0 AND (
      a.attnum IN (SELECT k FROM unnest(i.indkey) WITH ORDINALITY u(k, place) WHERE place <= i.indnkeyatts)
      OR (i.indexprs IS NOT NULL AND d.numbers @> ARRAY[a.attnum::integer]))) AS keys,
  ARRAY(
    SELECT a.attname FROM pg_attribute a
    WHERE a.attrelid = i.indrelid AND a.attnum > 0 AND (a.attnum = ANY(i.indkey) OR a.attnum = ANY(d.numbers)))
    AS touched,
  coalesce(obj_description(k.oid, 'pg_constraint'), obj_description(i.indexrelid, 'pg_class')) AS comment,
  false AS not_null, i.indimmediate AS immediate, 0::bigint AS referred, NULL::name[] AS referred_keys,
  'a' AS on_delete, 'a' AS on_update
FROM pg_index i
JOIN pg_class ic ON ic.oid = i.indexrelid
JOIN pg_class c ON c.oid = i.indrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_constraint k ON k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x')
CROSS JOIN LATERAL (
  SELECT array_agg(refobjsubid) AS numbers FROM pg_depend
  WHERE classid = 'pg_class'::regclass AND objid = i.indexrelid
    AND refclassid = 'pg_class'::regclass AND refobjid = i.indrelid) d
WHERE (i.indisunique OR i.indisexclusion)
  AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast', 'queryport')
UNION ALL
SELECT 'c' || k.oid, CASE
    WHEN k.conparentid <> 0 THEN 'c' || k.conparentid
    WHEN k.coninhcount > 0 THEN (
      SELECT 'c' || min(above.oid) FROM pg_inherits h JOIN pg_constraint above ON above.conrelid = h.inhparent
      WHERE h.inhrelid = k.conrelid AND above.contype = k.contype AND CASE WHEN k.contype = 'c'
        THEN above.conname = k.conname
        ELSE (SELECT attname FROM pg_attribute WHERE attrelid = above.conrelid AND attnum = above.conkey[1])
          = (SELECT attname FROM pg_attribute WHERE attrelid = k.conrelid AND attnum = k.conkey[1]) END) END,
  CASE k.contype WHEN 'c' THEN 'check' WHEN 'f' THEN 'foreign key' ELSE 'not null' END,
  k.conname, k.conrelid::bigint, c.relname, n.nspname, own.names, own.names, obj_description(k.oid, 'pg_constraint'),
  false, NOT k.condeferred, k.confrelid::bigint, other.names, k.confdeltype::text, k.confupdtype::text
FROM pg_constraint k
JOIN pg_class c ON c.oid = k.conrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
CROSS JOIN LATERAL (
  SELECT array_agg(attname) AS names FROM pg_attribute WHERE attrelid = k.conrelid AND attnum = ANY(k.conkey)) own
CROSS JOIN LATERAL (
  SELECT array_agg(attname) AS names FROM pg_attribute WHERE attrelid = k.confrelid AND attnum = ANY(k.confkey)) other
WHERE k.contype IN ('c', 'f', 'n') AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast', 'queryport')
UNION ALL
SELECT 'c' || k.oid, NULL, 'domain', k.conname, t.oid::bigint, t.typname, n.nspname, NULL, NULL,
  obj_description(k.oid, 'pg_constraint'), k.contype = 'n', true, 0, NULL, 'a', 'a'
FROM pg_constraint k
JOIN pg_type t ON t.oid = k.contypid
JOIN pg_namespace n ON n.oid = t.typnamespace
WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast', 'queryport')
"""

_CARRIERS = """
SELECT c.oid::bigint, c.relname AS name,
  coalesce((
    SELECT jsonb_agg(jsonb_build_array(a.attnum, a.attname, a.atttypid::bigint)) FROM pg_attribute a
    WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped), '[]') AS columns,
  ARRAY(SELECT h.inhrelid::bigint FROM pg_inherits h WHERE h.inhparent = c.oid) AS children,
  c.relkind = 'p' OR c.relispartition AS is_partitioned,
  coalesce((
    SELECT jsonb_agg(jsonb_build_array(t.tgfoid::bigint, t.tgtype)) FROM pg_trigger t
    WHERE t.tgrelid = c.oid AND NOT t.tgisinternal), '[]') AS triggers,
  ARRAY(
    SELECT DISTINCT d.refobjid::bigint FROM pg_rewrite r JOIN pg_depend d ON d.objid = r.oid
    WHERE r.ev_class = c.oid AND r.ev_type <> '1' AND d.classid = 'pg_rewrite'::regclass
      AND d.refclassid = 'pg_class'::regclass AND d.refobjid <> c.oid) AS ruled,
  ARRAY(
    SELECT DISTINCT d.refobjid::bigint FROM pg_attrdef f JOIN pg_depend d ON d.objid = f.oid
    WHERE f.adrelid = c.oid AND d.classid = 'pg_attrdef'::regclass AND d.refclassid = 'pg_proc'::regclass)
    AS functions,
  EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attgenerated <> '') AS has_generated
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'f')
  AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast', 'queryport')
"""

_CODE = """
SELECT p.oid::bigint, p.proname AS name, CASE WHEN p.prosqlbody IS NULL THEN p.prosrc END AS source,
  l.lanname AS language,
  ARRAY(
    SELECT DISTINCT d.refobjid::bigint FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid
      AND d.refclassid = 'pg_class'::regclass) AS relations,
  ARRAY(
    SELECT DISTINCT d.refobjid::bigint FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid
      AND d.refclassid = 'pg_proc'::regclass) AS functions
FROM pg_proc p
JOIN pg_language l ON l.oid = p.prolang
JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE l.lanname NOT IN ('c', 'internal')
  AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast', 'queryport')
"""
