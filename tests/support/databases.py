"""Databases with something in them."""

import atexit
import os
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol, TypeVar

import psycopg

from queryport.migrations.runner import apply_scripts
from queryport.postgres.server import EmbeddedPostgres
from queryport.testing.databases import FreshDatabase
from tests.support.once import one_at_a_time

Result = TypeVar("Result")


class NewDatabase(Protocol):
    """Makes a database, fills it by a script (a file or its text), and answers its URL."""

    def __call__(self, script: Path | str | None = None) -> str: ...


def run_script(url: str, script: Path | str) -> None:
    text = script.read_text() if isinstance(script, Path) else script
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(text.encode())


def executes(url: str, text: str) -> bool:
    """Whether another session of the database executes a statement that has a text in it."""
    query = """
        SELECT FROM pg_stat_activity
        WHERE datname = current_database() AND state = 'active' AND position(%s IN query) > 0
        AND pid <> pg_backend_pid()
    """
    with psycopg.connect(url) as connection:
        return connection.execute(query, [text]).rowcount > 0


def template_database(server: EmbeddedPostgres, name: str, fill: Callable[[str], object]) -> FreshDatabase:
    """The database of a name, filled once a run by the first worker that needs it. To be copied, and not changed."""
    database = FreshDatabase(name, server.url(name))
    with one_at_a_time(server, name):
        if not _exists(server, name):
            # Under another name until it is whole, for a worker may die of its script.
            unfinished = _create(server, f"unfinished_{secrets.token_hex(4)}")
            fill(unfinished.url)
            execute(server.url(), f'ALTER DATABASE "{unfinished.name}" RENAME TO "{name}"')
    return database


_KEPT: dict[tuple[str, str], FreshDatabase] = {}


def suite_database(server: EmbeddedPostgres, name: str, fill: Callable[[str], object]) -> FreshDatabase:
    """A database that a suite keeps for the whole run, of this worker's own.

    To fill it costs less than to copy a template, and most suites are run by one worker. A script that makes roles,
    which are those of the whole server, makes them where they are not there yet. A worker that stole tests of a module
    may come back to it, and makes the module's fixtures once more.
    """
    known = server.url(), name
    if known not in _KEPT:
        database = _create(server, f"{name}_{os.getpid()}")
        try:
            with one_at_a_time(server, name):
                fill(database.url)
        except BaseException:
            _drop(server, database.name)
            raise
        _KEPT[known] = database
    return _KEPT[known]


def copy_for_suite(server: EmbeddedPostgres, template: FreshDatabase, name: str) -> FreshDatabase:
    """The copy of a template that is dear to fill, kept as that of `suite_database`."""
    known = server.url(), name
    if known not in _KEPT:
        _KEPT[known] = _create(server, f"{name}_{os.getpid()}", template.name)
    return _KEPT[known]


@contextmanager
def fresh_copy(server: EmbeddedPostgres, template: FreshDatabase | None = None) -> Iterator[FreshDatabase]:
    """A copy of a template, or an empty database, dropped afterwards."""
    copy = _create(server, f"copy_{secrets.token_hex(6)}", template.name if template else "template1")
    try:
        yield copy
    finally:
        _drop(server, copy.name)


_END_WORK = """
SELECT count(pg_terminate_backend(pid)) FROM pg_stat_get_activity(NULL)
WHERE datid = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND pid <> pg_backend_pid() AND state <> 'idle'
"""
"""Ends the statements and transactions that a test left open, which would hold their locks against what follows."""

_IS_EMPTY = """
SELECT NOT EXISTS (SELECT FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname NOT IN ('information_schema', 'public'))
   AND EXISTS (SELECT FROM pg_namespace WHERE nspname = 'public' AND nspowner = 'pg_database_owner'::regrole
               AND nspacl::text = '{pg_database_owner=UC/pg_database_owner,=U/pg_database_owner}')
   AND NOT EXISTS (SELECT FROM pg_depend WHERE refclassid = 'pg_namespace'::regclass
                   AND refobjid = to_regnamespace('public'))
"""

_EMPTY = """
DO $$ DECLARE name text; BEGIN
  FOR name IN SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' LOOP
    EXECUTE format('DROP SCHEMA %I CASCADE', name);
  END LOOP;
END $$;
CREATE SCHEMA public;
ALTER SCHEMA public OWNER TO pg_database_owner;
GRANT USAGE ON SCHEMA public TO PUBLIC;
"""

_CONNECTIONS: dict[str, psycopg.Connection] = {}
"""A connection to a server's own database and to each of a suite, in autocommit.

To make one takes longer than most of what is asked.
"""


def emptied(database: FreshDatabase) -> str:
    """The URL of a database without what an earlier test has left in it: to make another takes ten times as long."""
    _on_kept_connection(database.url, _empty)
    return database.url


def fetch(url: str, query: str) -> list[tuple[Any, ...]]:
    """The rows of a query on a database of a suite, whose tables are others in each test."""
    return _on_kept_connection(url, lambda connection: connection.execute(query.encode(), prepare=False).fetchall())


def execute(url: str, statement: str) -> None:
    """Execute a statement, in autocommit, on a database of a suite."""
    _on_kept_connection(url, lambda connection: connection.execute(statement.encode(), prepare=False))


def _on_kept_connection(url: str, work: Callable[[psycopg.Connection], Result]) -> Result:
    if url not in _CONNECTIONS:
        _CONNECTIONS[url] = psycopg.connect(url, autocommit=True)
        atexit.register(_CONNECTIONS[url].close)
    try:
        return work(_CONNECTIONS[url])
    except psycopg.OperationalError:
        if not _CONNECTIONS[url].closed:
            raise
        del _CONNECTIONS[url]  # a test has ended all connections
        return _on_kept_connection(url, work)


def _empty(connection: psycopg.Connection) -> None:
    give_up = time.monotonic() + 10
    # Until they are gone: the next test's call would be the first to hear of it. PostgreSQL's own wait looks for that
    # every tenth of a second alone.
    while connection.execute(_END_WORK).fetchone() != (0,):
        assert time.monotonic() < give_up, "what a test left open does not end"
        time.sleep(0.001)
    if connection.execute(_IS_EMPTY).fetchone() != (True,):
        connection.execute(_EMPTY)


def _create(server: EmbeddedPostgres, name: str, template: str = "template1") -> FreshDatabase:
    # By files it takes half of the time that it takes through the log, and leaves no log and no used buffers behind.
    execute(server.url(), f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY file_copy')
    return FreshDatabase(name, server.url(name))


def _drop(server: EmbeddedPostgres, name: str) -> None:
    execute(server.url(), f'DROP DATABASE "{name}" WITH (FORCE)')


def _exists(server: EmbeddedPostgres, name: str) -> bool:
    return fetch(server.url(), f"SELECT FROM pg_database WHERE datname = '{name}'") != []


def with_our_tables(script: Path | str) -> Callable[[str], None]:
    """Fills a database with the tables that are Queryport's own, then by a script."""

    def fill(url: str) -> None:
        apply_scripts(url, ())
        run_script(url, script)

    return fill
