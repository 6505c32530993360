"""Asks PostgreSQL what it makes of values on their way between text, their types and JSON."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import psycopg

from queryport.aws import placeholders
from queryport.compile.describe.hindrances import Hindrances


class Conversions:
    """Questions about types, by their oid or by their name as it is written in SQL; answers are kept."""

    def __init__(
        self,
        connection: psycopg.Connection[Any],
        undone: Callable[[], AbstractContextManager[None]],
        hindrances: Hindrances,
    ) -> None:
        """`undone` undoes at the end of a with block what was executed in it."""
        self._connection = connection
        self._undone = undone
        self._hindrances = hindrances
        self._null_casts: dict[str, bool] = {}
        self._ordering: dict[str, bool] = {}
        self._conditions: dict[str, bool] = {}
        self._string_casts: dict[int, frozenset[str]] = {}
        self._has_text_cast: dict[int, bool] = {}
        self._has_json_value: bool | None = None

    def forget(self) -> None:
        """Drop the answers, which a rehearsed statement or its end has changed."""
        for known in (self._null_casts, self._ordering, self._conditions, self._string_casts, self._has_text_cast):
            known.clear()
        self._has_json_value = None

    def casts_null_to_null(self, type_name: str) -> bool:
        """Return whether a NULL that arrives as text is NULL once it is cast to the type.

        It is an error for a domain that is NOT NULL, and for a type with a cast function that function's result.
        """
        if type_name not in self._null_casts:
            self._null_casts[type_name] = self._answer(f"SELECT (NULL::text)::{type_name} IS NULL") == [(True,)]
        return self._null_casts[type_name]

    def orders_rows_by(self, type_name: str) -> bool:
        """Return whether rows can be ordered by the type and compared as whole rows with `>`."""
        if type_name not in self._ordering:
            value = f"NULL::{type_name}"
            rows = f"(SELECT {value} AS a, 1 AS b) q"
            test = f"SELECT 1 FROM {rows} WHERE (q.a, q.b) > ({value}, 1) ORDER BY q.a"  # noqa: S608 (a type of PostgreSQL)
            self._ordering[type_name] = self._answer(test) is not None
        return self._ordering[type_name]

    def takes_condition(self, type_name: str, condition: str, grouped: str = "") -> bool:
        """Return whether PostgreSQL takes a condition on `q.a`, a column of the type, with what follows WHERE."""
        # No row, since a domain may refuse NULL.
        rows = f"(SELECT NULL::{type_name} AS a WHERE false) q"
        test = f"SELECT 1 FROM {rows} WHERE {condition}{grouped}"  # noqa: S608 (a type of PostgreSQL, our conditions)
        if test not in self._conditions:
            self._conditions[test] = self._answer(test) is not None
        return self._conditions[test]

    def string_casts(self, base_oid: int) -> frozenset[str]:
        """Return the string types from which the project made a cast function to a type that is no domain."""
        if base_oid not in self._string_casts:
            rows = self._connection.execute(_STRING_CASTS, (base_oid,)).fetchall()
            self._string_casts[base_oid] = frozenset(row[0] for row in rows)
        return self._string_casts[base_oid]

    def has_text_cast(self, base_oid: int) -> bool:
        """Return whether the cast to text of a type that is no domain is a function, and not the type's own output."""
        if base_oid not in self._has_text_cast:
            row = self._connection.execute(_HAS_TEXT_CAST, (base_oid,)).fetchone()
            self._has_text_cast[base_oid] = bool(row and row[0])
        return self._has_text_cast[base_oid]

    def plans_with_json_value(self, sql: str) -> bool:
        """Return whether PostgreSQL's plan of a statement, with AWS's placeholders, evaluates JSON_VALUE anywhere.

        A view or a function may bring it along, so that the plan is asked wherever the text or the database has it.
        """
        if self._has_json_value is None:
            row = self._connection.execute(_HAS_JSON_VALUE).fetchone()
            self._has_json_value = bool(row and row[0])
        if not self._has_json_value and "json_value" not in sql.lower():
            return False
        plan = self._answer(f"EXPLAIN (VERBOSE, GENERIC_PLAN) {placeholders.scan(sql).text}")
        return plan is None or any("JSON_VALUE(" in line for (line,) in plan)

    def _answer(self, sql: str) -> list[tuple[Any, ...]] | None:
        """Return the rows of a statement, or None where PostgreSQL refuses it."""
        try:
            with self._undone():
                return self._connection.execute(sql.encode()).fetchall()
        except psycopg.Error as error:
            if self._connection.broken:
                raise
            self._hindrances.note(error.sqlstate, remembered=True)
            return None


# PostgreSQL's own functions between text and other types, as for regclass, read what the input functions read.
_STRING_CASTS = """
SELECT t.typname
FROM pg_cast c
JOIN pg_type t ON t.oid = c.castsource
WHERE t.oid IN ('text'::regtype, 'varchar'::regtype, 'bpchar'::regtype) AND c.casttarget = %s AND c.oid >= 16384
"""

_HAS_TEXT_CAST = """
SELECT EXISTS (SELECT FROM pg_cast WHERE castsource = %s AND casttarget = 'text'::regtype AND castmethod = 'f')
"""

_HAS_JSON_VALUE = """
SELECT EXISTS (SELECT FROM pg_rewrite r WHERE r.ev_class >= 16384 AND r.ev_action::text LIKE '%{JSONEXPR %')
    OR EXISTS (
      SELECT FROM pg_proc p
      WHERE p.oid >= 16384 AND (p.prosrc ILIKE '%json_value%' OR p.prosqlbody::text LIKE '%{JSONEXPR %'))
"""
