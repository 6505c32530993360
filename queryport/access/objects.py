"""Asks PostgreSQL's catalogue about the tables and functions that statements reach, as far as privileges go."""

from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.rows import class_row


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """A table, view or other relation."""

    oid: int
    name: str
    schema: str
    kind: str
    """pg_class.relkind."""
    built_in: bool
    """It is in one of PostgreSQL's own schemas, which are open to all, or a temporary one."""
    invoker: bool
    """A view whose tables are read with the privileges of its reader, and not of its owner."""
    query: str | None
    """A view's query, as pg_node_tree."""
    columns: dict[str, str]
    """Names by number."""
    policies: list[str]
    """The conditions of row-level security, as pg_node_tree, which run with the privileges of the reader."""
    conditions: list[str]
    """The expressions that are computed when a row is written (checks, generated columns, indexes), as pg_node_tree."""
    defaults: dict[str, str]
    """Default values by the number of their column, as pg_node_tree."""
    default_sequences: dict[str, list[int]]
    """The sequences that a default takes its values from, by the number of the column."""
    sequences: list[int]
    """The sequences that a view's query and the policies name."""
    triggers: list[list[int]]
    """The functions of its triggers, each with pg_trigger.tgtype."""


@dataclass(frozen=True, slots=True)
class Routine:
    """A function, aggregate or procedure."""

    oid: int
    name: str
    """With its argument types."""
    schema: str
    own: bool
    """It is neither PostgreSQL's nor an extension's."""
    public: bool
    """PUBLIC may execute it."""
    definer: bool
    """It runs with the privileges of its owner."""
    language: str
    arguments: str
    result: str
    source: str
    definition: str
    """Its CREATE FUNCTION; empty for an aggregate."""
    bodies: list[str]
    """Its body and default arguments, where PostgreSQL keeps them analysed, as pg_node_tree."""


class Objects:
    """The catalogue of one database; answers are kept."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection
        self._tables: dict[int, Table] = {}
        self._routines: dict[int, Routine | None] = {}

    def forget(self) -> None:
        self._tables.clear()
        self._routines.clear()

    def table(self, oid: int) -> Table:
        if oid not in self._tables:
            with self._connection.cursor(row_factory=class_row(Table)) as cursor:
                (self._tables[oid],) = cursor.execute(_TABLE, (oid,)).fetchall()
        return self._tables[oid]

    def named_table(self, schema: str, name: str) -> Table | None:
        """Return the table that a statement would find by this name."""
        row = self._connection.execute(_NAMED_TABLE, {"schema": schema, "name": name}).fetchone()
        return self.table(row[0]) if row and row[0] is not None else None

    def named_routines(self, schema: str, name: str) -> list[Routine]:
        """Return the functions that a call by this name may mean."""
        rows = self._connection.execute(_NAMED_ROUTINES, {"schema": schema, "name": name}).fetchall()
        return [routine for (oid,) in rows if (routine := self.routine(oid))]

    def routine(self, oid: int) -> Routine | None:
        """Return a function, or None for an oid that has none (an expression may leave one out)."""
        if oid not in self._routines:
            with self._connection.cursor(row_factory=class_row(Routine)) as cursor:
                self._routines[oid] = cursor.execute(_ROUTINE, (oid,)).fetchone()
        return self._routines[oid]

    def sequences(self, routine: int) -> list[int]:
        """Return the sequences that a function's analysed body and default arguments name."""
        return [oid for (oid,) in self._connection.execute(_SEQUENCES, (routine,)).fetchall()]


_TABLE = """
SELECT c.oid::bigint, format('%%I.%%I', n.nspname, c.relname) AS name, quote_ident(n.nspname) AS schema,
  c.relkind::text AS kind,
  n.nspname IN ('pg_catalog', 'information_schema') OR n.nspname LIKE 'pg\\_temp\\_%%' AS built_in,
  coalesce((SELECT bool_or(o.option_value::boolean) FROM pg_options_to_table(c.reloptions) o
            WHERE o.option_name = 'security_invoker'), false) AS invoker,
  (SELECT r.ev_action FROM pg_rewrite r WHERE r.ev_class = c.oid AND r.rulename = '_RETURN')::text AS query,
  coalesce((SELECT jsonb_object_agg(a.attnum, quote_ident(a.attname)) FROM pg_attribute a
            WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped), '{}') AS columns,
  CASE WHEN c.relrowsecurity THEN ARRAY(
    SELECT p FROM pg_policy CROSS JOIN LATERAL unnest(ARRAY[polqual::text, polwithcheck::text]) p
    WHERE polrelid = c.oid AND p IS NOT NULL) ELSE '{}' END AS policies,
  ARRAY(
    SELECT conbin::text FROM pg_constraint WHERE conrelid = c.oid AND conbin IS NOT NULL
    UNION ALL SELECT adbin::text FROM pg_attrdef JOIN pg_attribute ON attrelid = adrelid AND attnum = adnum
      WHERE adrelid = c.oid AND attgenerated <> ''
    UNION ALL SELECT e FROM pg_index CROSS JOIN LATERAL unnest(ARRAY[indexprs::text, indpred::text]) e
      WHERE indrelid = c.oid AND e IS NOT NULL) AS conditions,
  coalesce((
    SELECT jsonb_object_agg(adnum, adbin::text) FROM pg_attrdef
    JOIN pg_attribute ON attrelid = adrelid AND attnum = adnum
    WHERE adrelid = c.oid AND attgenerated = ''), '{}') AS defaults,
  coalesce((
    SELECT jsonb_object_agg(adnum, sequences) FROM (
      SELECT adnum, jsonb_agg(s.oid::bigint) AS sequences FROM pg_attrdef d
      JOIN pg_depend ON classid = 'pg_attrdef'::regclass AND objid = d.oid AND refclassid = 'pg_class'::regclass
      JOIN pg_class s ON s.oid = refobjid AND s.relkind = 'S'
      WHERE adrelid = c.oid GROUP BY adnum) by_column), '{}') AS default_sequences,
  ARRAY(
    SELECT s.oid::bigint FROM pg_depend JOIN pg_class s ON s.oid = refobjid AND s.relkind = 'S'
    WHERE refclassid = 'pg_class'::regclass AND (
      (classid = 'pg_rewrite'::regclass AND objid IN (SELECT oid FROM pg_rewrite WHERE ev_class = c.oid))
      OR (classid = 'pg_policy'::regclass AND objid IN (SELECT oid FROM pg_policy WHERE polrelid = c.oid)))
  ) AS sequences,
  coalesce((
    SELECT jsonb_agg(jsonb_build_array(tgfoid::bigint, tgtype)) FROM pg_trigger
    WHERE tgrelid = c.oid AND NOT tgisinternal AND tgenabled <> 'D'), '[]') AS triggers
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.oid = %s
"""

_SEQUENCES = """
SELECT s.oid::bigint FROM pg_depend JOIN pg_class s ON s.oid = refobjid AND s.relkind = 'S'
WHERE refclassid = 'pg_class'::regclass AND classid = 'pg_proc'::regclass AND objid = %s
"""

_ROUTINE = """
SELECT p.oid::bigint,
  format('%%I.%%I(%%s)', n.nspname, p.proname, pg_get_function_identity_arguments(p.oid)) AS name,
  quote_ident(n.nspname) AS schema,
  p.oid >= 16384 AND NOT EXISTS (
    SELECT FROM pg_depend WHERE classid = 'pg_proc'::regclass AND objid = p.oid AND deptype = 'e') AS own,
  has_function_privilege('public', p.oid, 'EXECUTE') AS public,
  p.prosecdef AS definer, l.lanname AS language,
  pg_get_function_arguments(p.oid) AS arguments, coalesce(pg_get_function_result(p.oid), 'void') AS result,
  p.prosrc AS source, CASE WHEN p.prokind = 'a' THEN '' ELSE pg_get_functiondef(p.oid) END AS definition,
  ARRAY(SELECT b FROM unnest(ARRAY[p.prosqlbody::text, p.proargdefaults::text]) b WHERE b IS NOT NULL) AS bodies
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_language l ON l.oid = p.prolang
WHERE p.oid = %s
"""

_NAMED_TABLE = """
SELECT to_regclass(concat(quote_ident(nullif(%(schema)s, '')) || '.', quote_ident(%(name)s)))::oid::bigint
"""

_NAMED_ROUTINES = """
SELECT oid::bigint FROM pg_proc WHERE proname = %(name)s AND CASE %(schema)s
  WHEN '' THEN pg_function_is_visible(oid) ELSE pronamespace = to_regnamespace(quote_ident(%(schema)s)) END
"""
