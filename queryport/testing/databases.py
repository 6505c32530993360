"""Databases that tests make on a server for themselves, and drop."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

_FIRST_WITH_STRATEGIES = 150_000


class FreshDatabase(NamedTuple):
    """A database and the libpq URL by which a driver reaches it."""

    name: str
    url: str


def create_database(server: str, name: str, template: str | None = None) -> FreshDatabase:
    """Create a database on a server, empty or as a copy of another one without connections."""
    statement = sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name))
    if template is not None:
        statement += sql.SQL(" TEMPLATE {}").format(sql.Identifier(template))
    with psycopg.connect(server, autocommit=True) as connection:
        if _copies_files(connection):
            statement += sql.SQL(" STRATEGY file_copy")
        connection.execute(statement)
    return FreshDatabase(name, make_conninfo(server, dbname=name))


def _copies_files(connection: psycopg.Connection) -> bool:
    """Whether to copy files costs less than to log their pages: the checkpoints for it wait for no disk."""
    if connection.info.server_version < _FIRST_WITH_STRATEGIES:
        return False
    return connection.execute("SHOW fsync").fetchone() == ("off",)


@contextmanager
def fresh_database(server: str, template: str | None = None) -> Iterator[FreshDatabase]:
    """Create a database under a name of its own, and drop it afterwards, with its connections."""
    database = create_database(server, f"test_{secrets.token_hex(6)}", template)
    try:
        yield database
    finally:
        drop_database(server, database.name)


def drop_database(server: str, name: str) -> None:
    """Drop a database of a server, and end its connections."""
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
