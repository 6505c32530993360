"""The transport over a connection to PostgreSQL, with psycopg."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress

import psycopg

from queryport.aws.placeholders import scan
from queryport.console.failure import CommandError
from queryport.console.progress import Progress, no_progress
from queryport.diagnostics.refusal import Refusal
from queryport.migrations.blockers import BLOCKER, Blockers, watched
from queryport.migrations.scripts import Script, ScriptStatement
from queryport.migrations.transport import NO_VALUES, Row, Values


class ConnectionLostError(CommandError):
    """The database cannot be reached, or not any more."""

    def __init__(self, error: psycopg.Error) -> None:
        super().__init__(f"the connection to the database failed: {error}")


@contextmanager
def connect(url: str, progress: Progress = no_progress) -> Iterator["ConnectionTransport"]:
    """Connect for a with block. `progress` tells what a statement waits for. Raises ConnectionLostError."""
    with _connect(url) as connection:
        transport = ConnectionTransport(url, connection, progress)
        try:
            yield transport
        finally:
            transport.release()


class ConnectionTransport:
    """See Transport; made by `connect`."""

    def __init__(self, url: str, connection: psycopg.Connection, progress: Progress) -> None:
        self.own_tables: set[str] = set()
        self._url = url
        self._connection = connection
        self._progress = progress
        # Locks are those of another session, out of the reach of scripts (DISCARD ALL, pg_advisory_unlock_all).
        self._locking: psycopg.Connection | None = None

    def sendable(self, script: Script, statement: ScriptStatement) -> str:  # noqa: ARG002 (as in Transport)
        return statement.text

    def query(self, sql: str, values: Values = NO_VALUES) -> list[Row]:
        return _fetched(self._execute(self._connection, sql, values))

    def run(self, text: str, values: Values = NO_VALUES) -> None:
        with self._watched():
            self._execute(self._connection, text, values)

    @contextmanager
    def transaction(self) -> Iterator["ConnectionTransport"]:
        try:
            with self._connection.transaction():
                yield self
        except psycopg.Error as error:
            raise _reported(error) from None
        finally:
            self._discard()

    def run_alone(self, text: str, label: str) -> None:
        comment = f"/* {label} */ "
        try:
            self.run(comment + text)
        except Refusal as refusal:
            raise refusal.shifted(len(comment)) from None
        finally:
            self._discard()

    def try_lock(self, key: int) -> AbstractContextManager[None] | None:
        if self._locking is None:
            self._locking = _connect(self._url)
        rows = _fetched(self._execute(self._locking, f"SELECT pg_try_advisory_lock({key})", NO_VALUES))
        return self._locked() if rows == [(True,)] else None

    def release(self) -> None:
        """Release what is locked, by the end of its session."""
        if self._locking is not None:
            self._locking.close()
            self._locking = None

    @contextmanager
    def _locked(self) -> Iterator[None]:
        try:
            yield
        finally:
            self.release()

    def _discard(self) -> None:
        # No script inherits settings, roles or temporary tables of the one before.
        with suppress(psycopg.OperationalError):  # the connection is lost, as its user has been told
            self._connection.execute("DISCARD ALL")

    @contextmanager
    def _watched(self) -> Iterator[None]:
        pid = str(self._connection.info.backend_pid)
        observers: list[psycopg.Connection] = []

        def ask() -> list[Row]:
            if not observers:
                observers.append(_connect(self._url))
            return _fetched(self._execute(observers[0], BLOCKER, {"pid": pid}))

        try:
            with watched(Blockers(ask, self._progress)):
                yield
        finally:
            for observer in observers:
                observer.close()

    @staticmethod
    def _execute(connection: psycopg.Connection, text: str, values: Values) -> psycopg.Cursor[Row]:
        try:
            if not values:
                return connection.execute(text.encode())
            scanned = scan(text)
            return connection.execute(scanned.text.encode(), [values[place.name] for place in scanned.placeholders])
        except psycopg.Error as error:
            raise _reported(error) from None


def _connect(url: str) -> psycopg.Connection:
    try:
        # Nothing is prepared: DISCARD ALL would take it away. Placeholders are PostgreSQL's own, $1 and so on.
        connection = psycopg.connect(url, autocommit=True, prepare_threshold=None)
    except psycopg.OperationalError as error:
        raise ConnectionLostError(error) from None
    connection.cursor_factory = psycopg.RawCursor
    return connection


def _fetched(cursor: psycopg.Cursor[Row]) -> list[Row]:
    return cursor.fetchall() if cursor.description is not None else []


def _reported(error: psycopg.Error) -> CommandError | Refusal:
    said = error.diag
    if said.sqlstate is None:
        return ConnectionLostError(error)
    return Refusal(
        said.message_primary or str(error),
        said.sqlstate,
        detail=said.message_detail,
        hint=said.message_hint,
        context=said.context,
        position=int(said.statement_position) - 1 if said.statement_position else None,
    )
