"""The databases of the embedded server: one with only the schema to compile against, and one with data to serve from.

The schema's database is made from the migrations alone and kept under their checksum, so that a command which finds it
need not run them again. The data database is `app`. It is only ever carried forward: when its history no longer agrees
with the files, a new one is made beside it and takes its name when it is ready.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import LiteralString

import psycopg
from psycopg import sql

from queryport.migrations import Announce, HistoryError, apply_scripts, silent
from queryport.postgres import EmbeddedPostgres
from queryport.scripts import Script, combined_checksum

DATA = "app"
_NEXT = "app_next"
_SCHEMA_PREFIX = "schema_"
_UNFINISHED = "schema_unfinished"
_SCHEMAS_KEPT = 4  # a few, so that going back and forth between branches stays quick


class Databases:
    """The databases of one running server."""

    def __init__(self, server: EmbeddedPostgres) -> None:
        self._server = server

    @contextmanager
    def schema(self, migrations: Sequence[Script], announce: Announce = silent) -> Iterator[str]:
        """The URL of a database that has the migrations applied and no data, for the length of a with block.

        Raises ScriptError for a migration that PostgreSQL refuses.
        """
        name = _SCHEMA_PREFIX + combined_checksum(migrations)[:16]
        with self._session() as session:
            while True:
                # Held by all who compile against it, so that nobody drops it meanwhile.
                session.execute("SELECT pg_advisory_lock_shared(hashtextextended(%s, 0))", [name])
                if _exists(session, name):
                    break
                session.execute("SELECT pg_advisory_unlock_shared(hashtextextended(%s, 0))", [name])
                with _alone(session, _UNFINISHED):
                    if not _exists(session, name):
                        self._make_schema(session, name, migrations, announce)
            yield self._server.url(name)

    def data(
        self,
        migrations: Sequence[Script],
        seeds: Sequence[Script],
        *,
        announce: Announce = silent,
        pause: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> str:
        """The URL of the data database, brought up to date.

        Where the files tell another history than the database, a new one is made from them; `pause` is held while it
        takes the old one's place, which ends the sessions on the old one. Raises ScriptError, and then leaves the
        database as it was.
        """
        with self._session() as session, _alone(session, DATA):
            if not _exists(session, DATA):
                _create(session, DATA)
            try:
                apply_scripts(self._server.url(DATA), migrations, seeds, announce=announce)
            except HistoryError as error:
                with announce(f"Making a new database, since {error.reason}"):
                    _create(session, _NEXT)
                apply_scripts(self._server.url(_NEXT), migrations, seeds, announce=announce)
                with pause():
                    _drop(session, DATA)
                    session.execute(_named("ALTER DATABASE {} RENAME TO {}", _NEXT, DATA))
        return self._server.url(DATA)

    def _session(self) -> psycopg.Connection:
        return psycopg.connect(self._server.url(), autocommit=True)

    def _make_schema(
        self, session: psycopg.Connection, name: str, migrations: Sequence[Script], announce: Announce
    ) -> None:
        _create(session, _UNFINISHED)
        apply_scripts(self._server.url(_UNFINISHED), migrations, announce=announce)
        session.execute(_named("ALTER DATABASE {} RENAME TO {}", _UNFINISHED, name))
        _drop_oldest_schemas(session)


def _drop_oldest_schemas(session: psycopg.Connection) -> None:
    rows = session.execute(
        "SELECT datname FROM pg_database WHERE datname ~ %s ORDER BY oid DESC OFFSET %s",
        [f"^{_SCHEMA_PREFIX}[0-9a-f]{{16}}$", _SCHEMAS_KEPT],
    )
    for (name,) in rows.fetchall():
        row = session.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", [name]).fetchone()
        if row == (True,):
            _drop(session, name)
            session.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [name])


@contextmanager
def _alone(session: psycopg.Connection, name: str) -> Iterator[None]:
    """Holds the lock of a name. An error leaves it to the end of the session, which the error ends as well."""
    session.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", [name])
    yield
    session.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [name])


def _exists(session: psycopg.Connection, name: str) -> bool:
    return session.execute("SELECT FROM pg_database WHERE datname = %s", [name]).fetchone() is not None


def _create(session: psycopg.Connection, name: str) -> None:
    _drop(session, name)  # what an interrupted command left
    session.execute(_named("CREATE DATABASE {}", name))


def _drop(session: psycopg.Connection, name: str) -> None:
    session.execute(_named("DROP DATABASE IF EXISTS {} WITH (FORCE)", name))


def _named(statement: LiteralString, *names: str) -> sql.Composed:
    return sql.SQL(statement).format(*map(sql.Identifier, names))
