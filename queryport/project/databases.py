"""The databases that a command works on: one with the schema to compile against, and one with data to serve from.

On the embedded server the schema's database is made from the migrations alone and kept under their checksum, so that a
command which finds it need not run them again. The data database is `app`. It is only ever carried forward: when its
history no longer agrees with the files, a new one is made beside it and takes its name when it is ready. A database of
the user's own is both at once, and is never replaced.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import LiteralString, Protocol, Self

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from queryport.console.failure import Failure
from queryport.console.progress import Progress, no_progress
from queryport.migrations.history import OWN_MIGRATIONS, HistoryError
from queryport.migrations.runner import apply_scripts
from queryport.migrations.scripts import Script, combined_checksum, read_scripts
from queryport.postgres.server import EmbeddedPostgres
from queryport.project.project import Project

DATA = "app"
_NEXT = "app_next"
_SCHEMA_PREFIX = "schema_"
_UNFINISHED = "schema_unfinished"
_SCHEMAS_KEPT = 4  # a few, so that going back and forth between branches stays quick

Pause = Callable[[], AbstractContextManager[None]]


class DatabaseError(Failure):
    """The user's own database cannot be used."""


@dataclass(frozen=True, slots=True)
class Scripts:
    """All that makes a project's database."""

    migrations: tuple[Script, ...]
    seeds: tuple[Script, ...]

    @classmethod
    def of(cls, project: Project) -> Self:
        """Raises ScriptError."""
        return cls(read_scripts(project.migrations), read_scripts(project.seed) if project.seed else ())


def database_name(url: str) -> str:
    return str(conninfo_to_dict(url)["dbname"])


def without_password(url: str) -> str:
    """A connection URL as it may be shown."""
    shown = {name: value for name, value in conninfo_to_dict(url).items() if name != "password"}
    return url if "password" not in conninfo_to_dict(url) else make_conninfo("", **shown)


class Databases(Protocol):
    """Both methods raise ScriptError for a script that PostgreSQL refuses."""

    schema_is_ours: bool
    """Whether nothing but the migrations ever changes the schema."""

    def schema(self, scripts: Scripts, progress: Progress = no_progress) -> AbstractContextManager[str]:
        """The URL of a database to compile against, for the length of a with block."""
        ...

    def data(self, scripts: Scripts, progress: Progress = no_progress, pause: Pause = nullcontext) -> str:
        """The URL of the database to serve from, brought up to date; `pause` is held while it changes places."""
        ...


class OwnDatabase:
    """A database of the user's own. Raises HistoryError where the files tell another history than the database."""

    schema_is_ours = False

    def __init__(self, url: str, *, migrate: bool) -> None:
        """`migrate` says whether to bring it up to date, or to take it as it is. Raises DatabaseError."""
        try:
            with psycopg.connect(url) as connection:
                # What the URL leaves out, libpq adds from the environment and from the account's name.
                self._url = make_conninfo(url, user=connection.info.user, dbname=connection.info.dbname)
        except psycopg.Error as error:
            raise DatabaseError(f"--database-url: {error}") from None
        self._migrate = migrate

    @contextmanager
    def schema(self, scripts: Scripts, progress: Progress = no_progress) -> Iterator[str]:
        yield self.data(scripts, progress)

    def data(self, scripts: Scripts, progress: Progress = no_progress, pause: Pause = nullcontext) -> str:  # noqa: ARG002 (as in Databases)
        if self._migrate:
            apply_scripts(self._url, scripts.migrations, scripts.seeds, progress=progress)
        return self._url


class EmbeddedDatabases:
    """The databases of a running embedded server."""

    schema_is_ours = True

    def __init__(self, server: EmbeddedPostgres) -> None:
        self._server = server

    @contextmanager
    def schema(self, scripts: Scripts, progress: Progress = no_progress) -> Iterator[str]:
        name = _SCHEMA_PREFIX + combined_checksum([*read_scripts(OWN_MIGRATIONS), *scripts.migrations])[:16]
        with self._session() as session:
            while True:
                # Held by all who compile against it, so that nobody drops it meanwhile.
                session.execute("SELECT pg_advisory_lock_shared(hashtextextended(%s, 0))", [name])
                if _exists(session, name):
                    break
                session.execute("SELECT pg_advisory_unlock_shared(hashtextextended(%s, 0))", [name])
                with _alone(session, _UNFINISHED):
                    if not _exists(session, name):
                        self._make_schema(session, name, scripts.migrations, progress)
            yield self._server.url(name)

    def data(self, scripts: Scripts, progress: Progress = no_progress, pause: Pause = nullcontext) -> str:
        with self._session() as session, _alone(session, DATA):
            if not _exists(session, DATA):
                _create(session, DATA)
            try:
                apply_scripts(self._server.url(DATA), scripts.migrations, scripts.seeds, progress=progress)
            except HistoryError as error:
                with progress(f"Making a new database, since {error.reason}"):
                    _create(session, _NEXT)
                    apply_scripts(self._server.url(_NEXT), scripts.migrations, scripts.seeds, progress=progress)
                with pause():
                    _drop(session, DATA)  # ends the sessions on it
                    session.execute(_named("ALTER DATABASE {} RENAME TO {}", _NEXT, DATA))
        return self._server.url(DATA)

    def _session(self) -> psycopg.Connection:
        return psycopg.connect(self._server.url(), autocommit=True)

    def _make_schema(
        self, session: psycopg.Connection, name: str, migrations: Sequence[Script], progress: Progress
    ) -> None:
        _create(session, _UNFINISHED)
        apply_scripts(self._server.url(_UNFINISHED), migrations, progress=progress)
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
