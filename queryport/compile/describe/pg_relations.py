"""The relations that the database has, tables, views and composite types, with their columns."""

from typing import Any, NamedTuple

import psycopg


class Attribute(NamedTuple):
    """A column of a table or a field of a composite type."""

    name: str
    type_oid: int
    type_modifier: int
    not_null: bool
    dimensions: int


class Relations:
    """Questions about relations; the answers about columns are kept."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection
        self._attributes: dict[int, dict[int, Attribute]] = {}

    def forget(self) -> None:
        """Drop the answers, which a rehearsed statement or its end has changed."""
        self._attributes.clear()

    def oid(self, schema: str, name: str) -> int | None:
        """Return the oid of a table or view as a statement would find it, or None."""
        parts = [part for part in (schema, name) if part]
        row = self._connection.execute(_OID, (parts,)).fetchone()
        return row[0] if row else None

    def attributes(self, oid: int) -> dict[int, Attribute]:
        """Return the columns of a table, view or composite type, by their number."""
        if oid not in self._attributes:
            rows = self._connection.execute(_ATTRIBUTES, (oid,)).fetchall()
            self._attributes[oid] = {row[0]: Attribute(*row[1:]) for row in rows}
        return self._attributes[oid]

    def may_change_by_itself(self, oid: int, column: str) -> bool:
        """Return whether an UPDATE may change a column that it does not assign: by a trigger, or as it is generated."""
        row = self._connection.execute(_CHANGES_BY_ITSELF, {"relation": oid, "column": column}).fetchone()
        return row is not None and bool(row[0])


_OID = """
SELECT to_regclass((SELECT string_agg(quote_ident(part), '.') FROM unnest(%s::text[]) part))::oid::bigint
"""

_ATTRIBUTES = """
SELECT a.attnum, a.attname, a.atttypid::bigint, a.atttypmod, a.attnotnull, a.attndims
FROM pg_attribute a
WHERE a.attrelid = %s AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attnum
"""

# The bits are those of pg_trigger.h: of each row, before, UPDATE.
_CHANGES_BY_ITSELF = """
SELECT EXISTS (
  SELECT FROM pg_trigger
  WHERE tgrelid = %(relation)s AND NOT tgisinternal AND tgenabled <> 'D' AND tgtype & 19 = 19
) OR EXISTS (
  SELECT FROM pg_attribute WHERE attrelid = %(relation)s AND attname = %(column)s AND attgenerated <> ''
)
"""
