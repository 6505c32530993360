"""The digest of a schema: every change of it shows, and nothing else does."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from queryport.compile.describe.schema_digest import digest_within, schema_digest
from queryport.postgres.server import EmbeddedPostgres
from tests.support.databases import run_script

_SCHEMA = """
CREATE TABLE person (person_id int PRIMARY KEY, name text);
CREATE TYPE mood AS ENUM ('good', 'bad');
CREATE FUNCTION twice(n int) RETURNS int LANGUAGE sql IMMUTABLE RETURN n * 2;
CREATE VIEW people AS SELECT name FROM person;
CREATE ROLE reader;
CREATE DOMAIN short AS text CHECK (length(value) < 10);
"""
_CHANGES = (
    "ALTER TABLE person ADD note text",
    "ALTER TABLE person ALTER name SET NOT NULL",
    "ALTER TABLE person RENAME name TO called",
    "CREATE UNIQUE INDEX ON person (name)",
    "ALTER TYPE mood ADD VALUE 'mixed'",
    "CREATE OR REPLACE FUNCTION twice(n int) RETURNS int LANGUAGE sql VOLATILE RETURN n * 2",
    "CREATE OR REPLACE VIEW people AS SELECT upper(name) AS name FROM person",
    "ALTER DOMAIN short DROP CONSTRAINT short_check",
    "ALTER TABLE person ENABLE ROW LEVEL SECURITY",
    "CREATE POLICY own ON person USING (person_id = 1)",
    "CREATE RULE none AS ON DELETE TO person DO INSTEAD NOTHING",
    "CREATE CAST (int AS mood) WITH INOUT",
    "CREATE EXTENSION hstore",
    "CREATE TABLE child () INHERITS (person)",
    "CREATE SCHEMA other",
    "GRANT SELECT ON person TO PUBLIC",
    "DROP VIEW people",
    "CREATE ROLE newcomer",
    "GRANT pg_monitor TO reader",
    "ALTER ROLE reader CREATEDB",
    "ALTER ROLE reader SET search_path = other",
    "ALTER ROLE ALL SET search_path = other",
    "GRANT SET ON PARAMETER log_statement TO reader",
    "ALTER TABLESPACE pg_default SET (random_page_cost = 2)",
    "ALTER DATABASE postgres SET search_path = other",
    "ALTER DATABASE postgres CONNECTION LIMIT 5",
)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """The URL of a server of these tests' own: others make roles, which are of all databases, and change the digest."""
    with EmbeddedPostgres.scratch() as server:
        run_script(server.url(), _SCHEMA)
        yield server.url()


@pytest.fixture(scope="module")
def before(url: str) -> str:
    return schema_digest(url)


@pytest.fixture(scope="module")
def connection(url: str) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(url, autocommit=True) as connection:
        yield connection


@pytest.mark.parametrize("change", _CHANGES)
def test_a_change_of_the_schema_shows(connection: psycopg.Connection[Any], before: str, change: str) -> None:
    with connection.transaction(force_rollback=True):
        connection.execute(change.encode())
        assert digest_within(connection) != before


def test_a_change_that_is_taken_back_does_not_show(connection: psycopg.Connection[Any], before: str) -> None:
    with connection.transaction(force_rollback=True):
        connection.execute("CREATE TABLE momentary ()")
    with connection.transaction():
        assert digest_within(connection) == before


def test_rows_and_statistics_do_not_show(connection: psycopg.Connection[Any], url: str, before: str) -> None:
    connection.execute("INSERT INTO person SELECT n, 'p' || n FROM generate_series(1, 1000) n")
    for statement in ("ANALYZE", "VACUUM person"):
        connection.execute(statement.encode())
    assert schema_digest(url) == before


def test_another_database_does_not_show(url: str, before: str) -> None:
    run_script(url, "CREATE DATABASE other")  # the server is these tests' own
    assert schema_digest(url) == before


def test_the_connections_settings_show(url: str, before: str) -> None:
    assert schema_digest(make_conninfo(url, options="-c search_path=pg_catalog")) != before
    assert schema_digest(make_conninfo(url, options="-c log_disconnections=on")) != before, (
        "given at the beginning alone"
    )
    assert schema_digest(make_conninfo(url, application_name="other")) == before
