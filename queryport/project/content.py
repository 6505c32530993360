"""A digest of all that a database holds, in which a change by anything but its scripts shows.

A database that is as it was made can be made again, and so need not be kept. Any doubt counts as a change.
"""

import hashlib

import psycopg
from psycopg import sql

_LARGEST_BYTES = 256 * 1024 * 1024
"""The size above which a database is not read for this, and so always kept."""

_OBJECTS = """
    SELECT 'relation', c.oid::regclass::text, c.relkind::text FROM pg_class c
    JOIN pg_namespace n ON n.oid = relnamespace
    WHERE nspname <> 'information_schema' AND nspname NOT LIKE 'pg\\_%'
  UNION ALL
    SELECT 'function', p.oid::regprocedure::text, md5(coalesce(prosrc, '')) FROM pg_proc p
    JOIN pg_namespace n ON n.oid = pronamespace
    WHERE nspname <> 'information_schema' AND nspname NOT LIKE 'pg\\_%'
"""
_TABLES = """
    SELECT nspname, relname FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace
    WHERE relkind = 'r' AND nspname <> 'information_schema' AND nspname NOT LIKE 'pg\\_%'
      AND NOT (nspname = 'queryport'
               AND relname IN ('own_migration', 'migration', 'migration_step', 'repeatable', 'seed'))
"""
_ROWS = "SELECT count(*), coalesce(sum(hashtextextended(t::text, 0)::numeric), 0) FROM ONLY {}.{} AS t"


def digest(database_url: str) -> str | None:
    """Return a digest of all rows, relations and functions; None for a database that is too large to read."""
    with psycopg.connect(database_url) as connection:
        size = connection.execute("SELECT pg_database_size(current_database())").fetchone()
        if size is None or size[0] > _LARGEST_BYTES:
            return None
        found = [repr(row) for row in connection.execute(_OBJECTS.encode()).fetchall()]
        for schema, table in connection.execute(_TABLES.encode()).fetchall():
            query = sql.SQL(_ROWS).format(sql.Identifier(schema), sql.Identifier(table))
            found.append(repr((schema, table, connection.execute(query).fetchone())))
    return hashlib.sha256("\n".join(sorted(found)).encode()).hexdigest()
