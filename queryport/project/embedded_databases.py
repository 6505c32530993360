"""The databases of the embedded server.

The schema's database is made from the migrations alone and kept under their checksum, so that a command which finds it
need not run them again. The data database is `app`. It is only ever carried forward: when its history no longer agrees
with the files, it is kept under another name, and one that agrees takes its place: one that was kept before, or a new
one.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from functools import cache
from operator import itemgetter

import psycopg

from queryport.compile.describe.server_digest import server_digest
from queryport.console.progress import Progress, Report, no_progress, no_report
from queryport.migrations.connection import connect
from queryport.migrations.history import OWN_MIGRATIONS, HistoryError
from queryport.migrations.outlook import waiting
from queryport.migrations.runner import apply_scripts, run_again
from queryport.migrations.scripts import Script, combined_checksum, read_scripts
from queryport.postgres.caller import CALLER, give_database, make_caller, open_to_caller
from queryport.postgres.server import EmbeddedPostgres
from queryport.project.databases import Pause, Scripts, database_name
from queryport.project.kept import (
    DATA,
    KeptDatabase,
    KeptError,
    is_as_made,
    keep_or_drop,
    kept_databases,
    mark_as_made,
    put_aside,
    require_kept,
    set_comment,
)
from queryport.project.server_databases import alone, create, drop, exists, rename
from queryport.project.server_states import SCHEMA_PREFIX, ServerStates, schema_name

_NEXT = "app_next"
_MAINTENANCE = "postgres"
_UNFINISHED = "schema_unfinished"
_LEFT_BEHIND = "the files hold scripts that it has not seen"
_TAKEN_BACK = "{}, which has the files' history, is served again"
_SCHEMAS_KEPT = 4  # a few, so that going back and forth between branches stays quick


class EmbeddedDatabases:
    """The databases of an embedded server; `report` is told what becomes of the one with data."""

    schema_is_ours = True

    def __init__(
        self,
        started: Callable[[], EmbeddedPostgres],
        report: Report = no_report,
        states: ServerStates | None = None,
    ) -> None:
        """`started` answers the running server, each time the same: it need not run before it is needed.

        `states` tells what is known of it until then.
        """
        self._started = started
        self._report = report
        self._states = states

    @property
    def _server(self) -> EmbeddedPostgres:
        return self._started()

    def schema_of(self, scripts: Scripts) -> str | None:
        if self._states is None:
            return None
        checksum = _checksum(scripts)
        digest = self._states.known(checksum)
        return None if digest is None else _mark(checksum, digest)

    @contextmanager
    def asked(self, scripts: Scripts, url: str) -> Iterator[Callable[[], str]]:  # noqa: ARG002 (as in Databases)
        checksum = _checksum(scripts)
        # Not by a session, whose settings are not the server's.
        with psycopg.connect(self._server.url(_MAINTENANCE), autocommit=True) as connection:
            if self._states is not None:
                self._states.record_first(checksum, connection)
            yield lambda: _mark(checksum, server_digest(connection))

    @contextmanager
    def schema(self, scripts: Scripts, progress: Progress = no_progress) -> Iterator[str]:
        name = schema_name(_checksum(scripts))
        with self.session() as session:
            if session.execute("SELECT to_regrole(%s)", [CALLER]).fetchone() == (None,):
                _have_caller(session)  # before the first schema as after the first call: a role as others are
            while True:
                # Held by all who compile against it, so that it is not dropped meanwhile.
                session.execute("SELECT pg_advisory_lock_shared(hashtextextended(%s, 0))", [name])
                if exists(session, name):
                    break
                session.execute("SELECT pg_advisory_unlock_shared(hashtextextended(%s, 0))", [name])
                with alone(session, _UNFINISHED):
                    if not exists(session, name):
                        self._make_schema(session, name, scripts.migrations, progress)
            yield self._server.url(name)

    def data(self, scripts: Scripts, progress: Progress = no_progress, pause: Pause = nullcontext) -> str:
        with self.session() as session, alone(session, DATA):
            _have_caller(session)
            if not exists(session, DATA):
                self._make(session, scripts, progress)
                rename(session, _NEXT, DATA)
            else:
                try:
                    self._bring_up_to_date(session, scripts, progress, pause)
                except HistoryError as error:
                    self._replace(session, scripts, error.reason, progress, pause)
        return self._server.url(DATA)

    def kept(self) -> Sequence[KeptDatabase]:
        """The databases that were put aside, the newest first."""
        with self.session() as session:
            return kept_databases(session)

    def restore(self, name: str, scripts: Scripts, progress: Progress = no_progress) -> None:
        """Serve from a kept database again. Raises KeptError where its history is not that of the files."""
        with self.session() as session, alone(session, DATA):
            require_kept(session, name)
            try:
                self._carry_forward(session, name, scripts, progress)
            except HistoryError as error:
                raise KeptError(
                    f"{name} cannot be served with the files as they are: {error.reason}; check the right version of "
                    f"them out, or look into it with `queryport psql {name}`"
                ) from None
            if exists(session, DATA):
                self._exchange(session, name, f"{name} was restored", f"{name} has taken its place", nullcontext)
            else:
                rename(session, name, DATA)
                set_comment(session, DATA, None)

    def reset(self, scripts: Scripts, progress: Progress = no_progress) -> None:
        """Serve from a new database, made of the scripts."""
        with self.session() as session, alone(session, DATA):
            self._make(session, scripts, progress)
            if exists(session, DATA):
                self._exchange(session, _NEXT, "it was reset", "a new one has taken its place", nullcontext)
            else:
                rename(session, _NEXT, DATA)

    def drop(self, name: str) -> None:
        """Drop a kept database, with all that it holds. Raises KeptError."""
        with self.session() as session, alone(session, DATA):
            require_kept(session, name)
            drop(session, name)

    def calls(self, url: str) -> str:
        return self._server.url(database_name(url), CALLER)

    def unmigrated(self) -> str:
        """The URL by which calls reach the server where no project is: they may make what they need in it."""
        with self.session() as session:
            _have_caller(session)
            give_database(session, _MAINTENANCE)
        return self._server.url(_MAINTENANCE, CALLER)

    def session(self) -> psycopg.Connection:
        # Calls may have made functions in this database, which are not to be taken for PostgreSQL's.
        options = "-c search_path=pg_catalog"
        return psycopg.connect(self._server.url(_MAINTENANCE), autocommit=True, options=options)

    def _make_schema(
        self, session: psycopg.Connection, name: str, migrations: Sequence[Script], progress: Progress
    ) -> None:
        create(session, _UNFINISHED)
        apply_scripts(self._server.url(_UNFINISHED), migrations, progress=progress)
        run_again(self._server.url(_UNFINISHED), migrations)  # as an edit of them would
        rename(session, _UNFINISHED, name)
        _drop_oldest_schemas(session)

    def _make(self, session: psycopg.Connection, scripts: Scripts, progress: Progress) -> None:
        """Make a new database of the scripts, under a name of its own until it is done."""
        _have_caller(session)
        create(session, _NEXT)
        with psycopg.connect(self._server.url(_NEXT), autocommit=True) as connection:
            open_to_caller(connection)
        apply_scripts(self._server.url(_NEXT), scripts.migrations, scripts.seeds, progress=progress)
        mark_as_made(self._server, session, _NEXT)

    def _carry_forward(self, session: psycopg.Connection, name: str, scripts: Scripts, progress: Progress) -> None:
        """Run what a database has not seen. Raises HistoryError where it has seen what the files do not say."""
        if self._waiting(name, scripts):
            self._apply(session, name, scripts, progress)

    def _bring_up_to_date(
        self, session: psycopg.Connection, scripts: Scripts, progress: Progress, pause: Pause
    ) -> None:
        """Run what the data's database has not seen, or serve a kept one that has seen it all. Raises HistoryError.

        A branch that only adds migrations takes the database along, and is found again by what it left behind.
        """
        if not self._waiting(DATA, scripts):
            return
        fitting = next((name for waiting, name in self._kept_with_waiting(session, scripts) if not waiting), None)
        if fitting is None:
            self._apply(session, DATA, scripts, progress)
        else:
            self._exchange(session, fitting, _LEFT_BEHIND, _TAKEN_BACK.format(fitting), pause)

    def _apply(self, session: psycopg.Connection, name: str, scripts: Scripts, progress: Progress) -> None:
        as_made = is_as_made(self._server, session, name)
        applied = apply_scripts(self._server.url(name), scripts.migrations, scripts.seeds, progress=progress)
        for file in (*applied.migrations, *applied.seeds):
            self._report(f"applied {file} to the database {name}")
        if as_made:
            mark_as_made(self._server, session, name)

    def _replace(
        self, session: psycopg.Connection, scripts: Scripts, reason: str, progress: Progress, pause: Pause
    ) -> None:
        """Let another database take the place of one whose history is not that of the files."""
        earlier = self._kept_with_this_history(session, scripts)
        if earlier is None:
            with progress(f"Making a new database, since {reason}"):
                self._make(session, scripts, progress)
            self._exchange(session, _NEXT, reason, "a new one has taken its place", pause)
        else:
            with progress(f"Taking the database {earlier} back, since {reason}"):
                self._carry_forward(session, earlier, scripts, progress)
            self._exchange(session, earlier, reason, _TAKEN_BACK.format(earlier), pause)

    def _kept_with_this_history(self, session: psycopg.Connection, scripts: Scripts) -> str | None:
        """The kept database that has seen the most of the scripts, and nothing else."""
        kept = list(self._kept_with_waiting(session, scripts))
        return min(kept, key=itemgetter(0))[1] if kept else None

    def _kept_with_waiting(self, session: psycopg.Connection, scripts: Scripts) -> Iterator[tuple[int, str]]:
        """The kept databases that the scripts continue, the newest first, and how many scripts each waits for."""
        for database in kept_databases(session):
            with suppress(HistoryError):
                yield self._waiting(database.name, scripts), database.name

    def _waiting(self, name: str, scripts: Scripts) -> int:
        with connect(self._server.url(name)) as transport:
            return waiting(transport, scripts.migrations, scripts.seeds)

    def _exchange(self, session: psycopg.Connection, name: str, reason: str, then: str, pause: Pause) -> None:
        """Let a database take the place of the one that is served from, and report the latter's fate."""
        is_new = name == _NEXT
        with pause():
            kept = put_aside(session)
            rename(session, name, DATA)
            if not is_new:
                set_comment(session, DATA, None)  # the reason why it was kept
        if keep_or_drop(self._server, session, kept, reason):
            self._report(
                f"{reason}: the database {DATA} is kept as {kept}, and {then} "
                f"(back: queryport db restore {kept}; all: queryport db list)"
            )
        else:
            self._report(f"{reason}: the database {DATA} held only what its scripts had put there, and {then}")


def _checksum(scripts: Scripts) -> str:
    return combined_checksum([*_own_scripts(), *scripts.migrations])


@cache
def _own_scripts() -> tuple[Script, ...]:
    """Queryport's own migrations, which every build asks for several times."""
    return read_scripts(OWN_MIGRATIONS)


def _mark(checksum: str, digest: str) -> str:
    return f"{checksum} {digest}"


def _have_caller(session: psycopg.Connection) -> None:
    """Make the role of calls, one command at a time: PostgreSQL refuses two that grant the same at once."""
    with alone(session, CALLER):
        make_caller(session)


def _drop_oldest_schemas(session: psycopg.Connection) -> None:
    rows = session.execute(
        "SELECT datname FROM pg_database WHERE datname ~ %s ORDER BY oid DESC OFFSET %s",
        [f"^{SCHEMA_PREFIX}[0-9a-f]{{16}}$", _SCHEMAS_KEPT],
    )
    for (name,) in rows.fetchall():
        row = session.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", [name]).fetchone()
        if row == (True,):
            drop(session, name)
            session.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [name])
