"""A digest of all that PostgreSQL knows of a database's schema: while it is the same, files compile the same.

Reads every catalogue that the connection may read, whole, but for what changes without a change of the schema:
statistics, and numbers that the vacuum keeps. A change that matters to no file counts as well; that costs no more than
compiling anew.
"""

import hashlib
from typing import Any

import psycopg

_CATALOGUES = """
SELECT relname FROM pg_catalog.pg_class
WHERE relnamespace = 'pg_catalog'::pg_catalog.regnamespace AND relkind = 'r'
  AND pg_catalog.has_table_privilege(oid, 'SELECT') AND relname <> ALL (%s)
ORDER BY relname
"""
_LEFT_OUT = [
    "pg_class",  # below, without the vacuum's numbers
    "pg_authid",  # the view pg_roles below, which others than superusers may read too
    "pg_database",  # below, without the vacuum's numbers and without the server's other databases
    "pg_largeobject",
    "pg_largeobject_metadata",
    "pg_replication_origin",
    "pg_shdepend",
    "pg_statistic",
    "pg_statistic_ext_data",
    "pg_subscription",
    "pg_subscription_rel",
]
_RELATIONS = """
SELECT oid, relname, relnamespace, reltype, reloftype, relowner, relam, relkind, relpersistence, relhasindex,
       relisshared, relnatts, relchecks, relhasrules, relhastriggers, relhassubclass, relrowsecurity,
       relforcerowsecurity, relispartition, relispopulated, relacl, reloptions, relpartbound
FROM pg_catalog.pg_class
"""
_SETTINGS = """
SELECT name, reset_val FROM pg_catalog.pg_settings
WHERE (name = 'shared_preload_libraries'
    OR context IN ('user', 'superuser', 'backend', 'superuser-backend', 'internal'))
  AND name <> 'application_name'
"""
_DATABASE = """
SELECT pg_catalog.to_jsonb(d) - ARRAY['oid', 'datfrozenxid', 'datminmxid'],
  pg_catalog.pg_database_collation_actual_version(oid)
FROM pg_catalog.pg_database d WHERE datname = current_database()
"""
# Two sums of 64 bits: in no order, since to sort the rows by their digests takes as long again as to write them out.
_DIGEST = """
(SELECT concat_ws(' ', count(*), sum(hashtextextended(row, 0)), sum(hashtextextended(row, 1)))
 FROM (SELECT t::text COLLATE "C" AS row FROM ({}) t OFFSET 0) rows)
"""


def schema_digest(database_url: str) -> str:
    """Return a digest of the schema. Raises psycopg.OperationalError if the database does not answer."""
    with psycopg.connect(database_url) as connection:
        return digest_within(connection)


def digest_within(connection: psycopg.Connection[Any]) -> str:
    """Return the digest of the schema as the connection's transaction sees it; names are written out until its end."""
    connection.execute("SET LOCAL search_path = pg_catalog")
    names = [row[0] for row in connection.execute(_CATALOGUES, [_LEFT_OUT]).fetchall()]
    whole = [_RELATIONS, _SETTINGS, _DATABASE, "TABLE pg_roles", "SELECT version(), current_user"]
    parts = [*(f"TABLE {name}" for name in names), *whole]
    row = connection.execute(f"SELECT {', '.join(map(_DIGEST.format, parts))}".encode()).fetchone()
    return hashlib.sha256(repr((parts, row)).encode()).hexdigest()
