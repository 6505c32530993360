"""The types that the database has: pg_type, with what belongs to a row of it."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, NamedTuple

import psycopg

from queryport.compile.describe.hindrances import Hindrances


class TypeRow(NamedTuple):
    """A row of pg_type, with what belongs to it."""

    oid: int
    sql_name: str
    """As it is written in SQL, quoted and qualified where it must be; without a modifier."""
    schema: str
    name: str
    kind: str
    """pg_type.typtype: b base, c composite, d domain, e enum, p pseudo, r range, m multirange."""
    element_oid: int
    """Of an array; 0 otherwise."""
    base_oid: int
    """Of a domain; 0 otherwise."""
    type_modifier: int
    """Of a domain's base type; -1 otherwise."""
    relation_oid: int
    """Of a composite type; 0 otherwise."""
    delimiter: str
    not_null: bool
    json_cast: bool
    """row_to_json renders the type by a cast of its own, as hstore's."""


class Types:
    """Questions about types, by their oid; answers are kept."""

    def __init__(
        self,
        connection: psycopg.Connection[Any],
        guarded: Callable[[], AbstractContextManager[None]],
        hindrances: Hindrances,
    ) -> None:
        """`guarded` is a with block in which a refused statement leaves the transaction as it was."""
        self._connection = connection
        self._guarded = guarded
        self._hindrances = hindrances
        self._rows: dict[int, TypeRow] = {}
        self._labels: dict[int, tuple[str, ...]] = {}

    def forget(self) -> None:
        """Drop the answers, which a rehearsed statement or its end has changed."""
        self._rows.clear()
        self._labels.clear()

    def __getitem__(self, oid: int) -> TypeRow:
        if oid not in self._rows:
            row = self._connection.execute(_TYPE, (oid,)).fetchone()
            assert row is not None, oid  # noqa: S101 (PostgreSQL itself named the oid)
            self._rows[oid] = TypeRow(*row)
        return self._rows[oid]

    def base(self, oid: int) -> TypeRow:
        """Return the type under a domain, and under the domains below it."""
        row = self[oid]
        while row.kind == "d":
            row = self[row.base_oid]
        return row

    def oid(self, name: str) -> int | None:
        """Return the oid of a type as it is written in SQL (`text`, `numeric(10,2)`, `shop.email[]`), or None."""
        try:
            with self._guarded():
                row = self._connection.execute("SELECT to_regtype(%s)::oid::bigint", (name,)).fetchone()
        except psycopg.Error as error:  # not even the grammar of a type name
            self._hindrances.note(error.sqlstate)
            return None
        return row[0] if row else None

    def labels(self, oid: int) -> tuple[str, ...]:
        """Return the labels of an enum, in their order."""
        if oid not in self._labels:
            rows = self._connection.execute(_LABELS, (oid,)).fetchall()
            self._labels[oid] = tuple(row[0] for row in rows)
        return self._labels[oid]


# format_type names bpchar `character` and bit `bit`, which as casts mean character(1) and bit(1).
_TYPE = """
SELECT t.oid::bigint,
       CASE coalesce(nullif(t.typelem, 0), t.oid)
         WHEN 'pg_catalog.bpchar'::regtype THEN 'bpchar'
         WHEN 'pg_catalog.bit'::regtype THEN '"bit"'
         ELSE format_type(coalesce(CASE WHEN array_type.is_array THEN t.typelem END, t.oid), NULL)
       END || CASE WHEN array_type.is_array THEN '[]' ELSE '' END,
       n.nspname, t.typname, t.typtype::text,
       CASE WHEN array_type.is_array THEN t.typelem ELSE 0 END::bigint,
       t.typbasetype::bigint, t.typtypmod, t.typrelid::bigint, t.typdelim::text, t.typnotnull,
       t.oid >= 16384 AND EXISTS (
         SELECT FROM pg_cast c
         WHERE c.castsource = t.oid AND c.casttarget = 'pg_catalog.json'::regtype AND c.castfunc <> 0)
FROM pg_type t
JOIN pg_namespace n ON n.oid = t.typnamespace
CROSS JOIN LATERAL (
  SELECT t.typelem <> 0 AND t.typsubscript = 'pg_catalog.array_subscript_handler'::regproc AND t.typlen = -1
         AND t.typname NOT IN ('int2vector', 'oidvector') AS is_array) array_type
WHERE t.oid = %s
"""

_LABELS = "SELECT enumlabel FROM pg_enum WHERE enumtypid = %s ORDER BY enumsortorder"
