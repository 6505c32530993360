"""Makes, renames and drops databases of a server, over a session on another database of it."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import LiteralString

import psycopg
from psycopg import sql

_PATIENCE_SECONDS = 10.0


@contextmanager
def alone(session: psycopg.Connection, name: str) -> Iterator[None]:
    """Hold the lock of a name. An error leaves it to the end of the session, which the error ends as well."""
    session.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", [name])
    yield
    session.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [name])


def exists(session: psycopg.Connection, name: str) -> bool:
    return session.execute("SELECT FROM pg_database WHERE datname = %s", [name]).fetchone() is not None


def create(session: psycopg.Connection, name: str) -> None:
    """Make an empty database; what an interrupted command left of that name is dropped."""
    drop(session, name)
    # To copy files takes half of the time, where the checkpoints for it need not wait for the disk.
    strategy = "file_copy" if session.execute("SHOW fsync").fetchone() == ("off",) else "wal_log"
    session.execute(_named("CREATE DATABASE {} STRATEGY {}", name, strategy))


def drop(session: psycopg.Connection, name: str) -> None:
    session.execute(_named("DROP DATABASE IF EXISTS {} WITH (FORCE)", name))


def rename(session: psycopg.Connection, name: str, new_name: str) -> None:
    """Rename a database; the sessions on it are ended."""
    give_up = time.monotonic() + _PATIENCE_SECONDS
    while True:
        session.execute("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s", [name])
        try:
            session.execute(_named("ALTER DATABASE {} RENAME TO {}", name, new_name))
        except psycopg.errors.ObjectInUse:  # another session has begun meanwhile
            if time.monotonic() > give_up:
                raise
        else:
            return


def _named(statement: LiteralString, *names: str) -> sql.Composed:
    return sql.SQL(statement).format(*map(sql.Identifier, names))
