"""The bookshop of the example, seeded and compiled once a run for all suites and workers."""

from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
from psycopg import sql

from queryport.access.needs import needs
from queryport.access.role_sql import grants
from queryport.compile import Compilation
from queryport.migrations.runner import apply
from queryport.postgres.server import EmbeddedPostgres
from queryport.testing.databases import FreshDatabase, fresh_database
from tests.support.compiling import compiled
from tests.support.databases import copy_for_suite, template_database
from tests.support.once import once_a_run
from tests.support.repository import MIGRATIONS, QUERIES, SEED
from tests.support.roles import as_role

_ROLE = "bookshop"


_REFERENCES = """
SELECT relname, conname FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid
WHERE contype = 'f' AND relnamespace = 'public'::regnamespace
"""


def seed(url: str) -> None:
    """Make the bookshop of an empty database.

    What its rows refer to is looked up for all of them at once at the end: row by row it takes a third of the time.
    """
    with TemporaryDirectory() as no_seeds:
        apply(url, MIGRATIONS, Path(no_seeds))
    with psycopg.connect(url, autocommit=True) as connection:
        references = connection.execute(_REFERENCES).fetchall()
        alter = sql.SQL("ALTER TABLE {} ALTER CONSTRAINT {} ")
        for reference in references:
            connection.execute(alter.format(*map(sql.Identifier, reference)) + sql.SQL("NOT ENFORCED"))
        apply(url, MIGRATIONS, SEED)
        for reference in references:
            connection.execute(alter.format(*map(sql.Identifier, reference)) + sql.SQL("ENFORCED"))


def seeded_shop(server: EmbeddedPostgres) -> FreshDatabase:
    """The seeded bookshop, which nothing may be connected to: it is copied."""
    return template_database(server, "shop", seed)


def read_only_shop(server: EmbeddedPostgres) -> FreshDatabase:
    """This worker's copy of the seeded bookshop. What a test changes there it rolls back."""
    return copy_for_suite(server, seeded_shop(server), "pristine_shop")


def compiled_shop(server: EmbeddedPostgres) -> Compilation:
    """The example's operations."""
    return once_a_run(server, "compiled_shop", lambda: _compiled(server))


def as_least_role(server: EmbeddedPostgres, url: str) -> str:
    """The URL of a copy of the shop as the role that `queryport role` prints: it may do what the operations need."""
    with psycopg.connect(url) as connection:
        connection.execute(once_a_run(server, "shop_grants", lambda: _grants(server)).encode())
    return as_role(url, _ROLE)


def _grants(server: EmbeddedPostgres) -> str:
    return grants(_ROLE, needs(read_only_shop(server).url, compiled_shop(server).catalogue))


def _compiled(server: EmbeddedPostgres) -> Compilation:
    with fresh_database(server.url()) as database:
        apply(database.url, MIGRATIONS)
        return compiled(QUERIES, database.url)
