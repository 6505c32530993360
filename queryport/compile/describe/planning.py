"""Asks what PostgreSQL does before a statement's first row, when the caller's settings are not there yet."""

from collections.abc import Iterable, Sequence
from typing import Any

import psycopg

from handler.contract.operation import SESSION_SETTINGS
from queryport.compile.describe.hindrances import Hindrances

_POLICIES = """
SELECT p.polrelid::regclass::text, pg_get_expr(condition, p.polrelid)
FROM pg_policy p CROSS JOIN LATERAL (VALUES (p.polqual), (p.polwithcheck)) x(condition)
WHERE p.polrelid = ANY(%s::oid[]) AND condition IS NOT NULL
"""
# An immutable function is taken to read settings unless nothing in its body could: no table, and no other code of the
# project's. Of a body that PostgreSQL keeps as text, words tell.
_DECIDES_AHEAD = r"""
WITH own AS (
  SELECT p.oid, p.proname, p.provolatile, l.lanname, p.prosqlbody IS NULL AS is_text,
    concat(p.prosrc, pg_get_function_sqlbody(p.oid)) AS body
  FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
  WHERE p.oid >= 16384 AND p.prokind IN ('f', 'w') AND NOT EXISTS (
    SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'))
SELECT EXISTS (SELECT FROM pg_class WHERE relkind = 'p') OR EXISTS (
  SELECT FROM own WHERE provolatile = 'i' AND (
    lanname NOT IN ('sql', 'plpgsql') OR body ~* 'setting' OR (is_text AND body ~* '\m(from|table|execute|show)\M')
    OR EXISTS (
      SELECT FROM pg_depend d
      WHERE d.classid = 'pg_proc'::regclass AND d.objid = own.oid
        AND (d.refclassid = 'pg_class'::regclass OR d.refobjid IN (SELECT oid FROM own)))
    OR (is_text AND EXISTS (
      SELECT FROM own other WHERE other.oid <> own.oid AND strpos(lower(own.body), lower(other.proname)) > 0))
    OR EXISTS (
      SELECT FROM pg_operator o JOIN own f ON f.oid = o.oprcode UNION ALL
      SELECT FROM pg_cast c JOIN own f ON f.oid = c.castfunc)))
"""
_EMPTY_SETTINGS = "SELECT " + ", ".join(f"set_config('{name}', '', false)" for name in SESSION_SETTINGS.values())


class Planning:
    def __init__(self, connection: psycopg.Connection[Any], url: str, hindrances: Hindrances) -> None:
        """`connection` is the compiler's own; `url` leads to the same database."""
        self._connection = connection
        self._hindrances = hindrances
        self._url = url
        self._decides_ahead: bool | None = None
        self._bearing: set[int] = set()
        """The relations whose policies are known to be planned without settings."""
        self._without_settings: tuple[psycopg.Connection[Any], ...] = ()

    def forget(self) -> None:
        """Drop what is known of the catalogue."""
        self._decides_ahead = None
        self._bearing.clear()

    def close(self) -> None:
        for connection in self._without_settings:
            connection.close()

    def decides_ahead(self) -> bool:
        """Return whether code of the project's own may decide before a statement's first row.

        The planner runs immutable functions, and partitions are chosen when execution begins.
        """
        if self._decides_ahead is None:
            row = self._connection.execute(_DECIDES_AHEAD).fetchone()
            self._decides_ahead = row is not None and bool(row[0])
        return self._decides_ahead

    def bears_no_settings(self, relations: Sequence[int], statements: Iterable[str]) -> bool:
        """Return whether statements, and the policies of relations, are planned with the settings unset and empty."""
        unset, empty = self._connections()
        explained = [f"EXPLAIN (GENERIC_PLAN) {statement}" for statement in statements]
        unknown = [relation for relation in relations if relation not in self._bearing]
        if unknown:
            policies = unset.execute(_POLICIES, (unknown,)).fetchall()
            explained += [f"EXPLAIN SELECT FROM {relation} WHERE {condition}" for relation, condition in policies]
        try:
            for connection in (unset, empty):
                for text in explained:
                    connection.execute(text.encode())
        except psycopg.Error as error:
            self._hindrances.note(error.sqlstate)
            return False
        self._bearing.update(unknown)
        return True

    def _connections(self) -> tuple[psycopg.Connection[Any], ...]:
        """One that never had the settings, and one whose settings are empty, as they are ever after a transaction.

        Neither waits long for what a rehearsal on the compiler's own has locked.
        """
        if not self._without_settings:
            self._without_settings = tuple(
                [psycopg.connect(self._url, autocommit=True, options="-c lock_timeout=1s") for _ in range(2)]
            )
            self._without_settings[1].execute(_EMPTY_SETTINGS)
        return self._without_settings
