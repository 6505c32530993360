"""The transport of migrations through the RDS Data API.

A statement may take longer than the 45 seconds of a call; it goes on, and is waited for. A transaction that is left is
rolled back at any rate: its statement is cancelled, and the rollback is sent until the service has taken it.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress

from handler.contract.limits import STATEMENT_SECONDS
from queryport.aws.limits import STATEMENT_CHARACTERS
from queryport.aws.safe_text import escape_for_data_api
from queryport.console.progress import Progress, no_progress
from queryport.deployed.client import DeployedClient, DeployedError, StillRunning, still_running
from queryport.diagnostics.refusal import Refusal
from queryport.migrations.blockers import BLOCKER, Blockers
from queryport.migrations.scripts import Script, ScriptStatement
from queryport.migrations.transport import LABELLED, NO_VALUES, OutcomeUnseen, Row, Values

_IN_FAILED_TRANSACTION = "25P02"
_KEEP_ALIVE_SECONDS = 60.0  # the service ends a transaction that is idle for three minutes
_ROLL_BACK_SECONDS = 60.0
_POLL_SECONDS = 1.0

_RUNNING = f"SELECT count(*) {LABELLED}"
_CANCEL_LABELLED = f"SELECT count(pg_cancel_backend(pid)) {LABELLED}"
_CANCEL = """
    SELECT count(pg_cancel_backend(pid)) FROM pg_stat_activity
    WHERE state = 'active' AND pid = :pid::int AND xact_start::text = :began::text
"""


class DataApiTransport:
    """See Transport. Cannot be used from several threads."""

    def __init__(self, client: DeployedClient, progress: Progress = no_progress) -> None:
        self.own_tables: set[str] = set()
        self._client = client
        self._progress = progress
        self._lock: str | None = None
        self._lock_used = 0.0

    def sendable(self, script: Script, statement: ScriptStatement) -> str:
        text = escape_for_data_api(statement.text)
        if text is None:
            raise script.error(
                "QP105",
                script.first_line(statement),
                "the RDS Data API would take a part of this statement for a placeholder",
                "leave no letter or digit directly behind a colon",
            )
        if len(text) > STATEMENT_CHARACTERS:
            raise script.error(
                "QP211",
                script.first_line(statement),
                f"the statement has {len(text):,} characters, and the RDS Data API takes {STATEMENT_CHARACTERS:,}",
                "split it",
            )
        return text

    def query(self, sql: str, values: Values = NO_VALUES) -> list[Row]:
        self._keep_lock()
        return [*self._client.query(sql, values)]

    @contextmanager
    def transaction(self) -> Iterator["DataApiTransaction"]:
        self._keep_lock()
        transaction = self._client.begin()
        try:
            session = "SELECT pid, xact_start::text FROM pg_stat_activity WHERE pid = pg_backend_pid()"
            pid, began = self._client.query(session, transaction=transaction)[0]
        except BaseException:
            self._roll_back(transaction)
            raise
        try:
            yield DataApiTransaction(self._client, transaction, pid, self._keep_lock, self._progress)
            self._client.commit(transaction)
        except BaseException:
            # Its statement may still run, interrupted or without an answer: the service would not roll it back.
            with suppress(DeployedError, Refusal):
                self._client.query(_CANCEL, {"pid": str(pid), "began": began})
            self._roll_back(transaction)
            raise

    def run_alone(self, text: str, label: str) -> None:
        self._keep_lock()
        comment = f"/* {label} */ "
        try:
            if self._outlives_its_call(comment + text):
                self._await_end(label)
                raise OutcomeUnseen
        except Refusal as refusal:
            raise refusal.shifted(len(comment)) from None
        except (KeyboardInterrupt, DeployedError):  # interrupted, or without an answer
            with suppress(DeployedError, Refusal):
                self._client.query(_CANCEL_LABELLED, {"label": label})
            raise

    def _outlives_its_call(self, text: str) -> bool:
        try:
            self._client.run(text)
        except StillRunning:
            return True
        return False

    def try_lock(self, key: int) -> AbstractContextManager[None] | None:
        # A lock of a session would be lost: outside a transaction each call has whichever session is free.
        lock = self._client.begin()
        try:
            if [*self._client.query(f"SELECT pg_try_advisory_xact_lock({key})", transaction=lock)[0]] == [True]:
                self._settle(lock)
                return self._held(lock)
        except BaseException:
            self._roll_back(lock)
            raise
        self._roll_back(lock)
        return None

    @contextmanager
    def _held(self, lock: str) -> Iterator[None]:
        self._lock = lock
        try:
            yield
        finally:
            self._lock = None
            self._roll_back(lock)

    def _settle(self, lock: str) -> None:
        """Use the transaction that holds the lock, so that it does not fall idle, and leave it without a snapshot.

        A query's snapshot would last until the next statement, and CREATE INDEX CONCURRENTLY waits for all that are
        older than itself. SET takes none.
        """
        self._client.query("SET LOCAL idle_in_transaction_session_timeout = 0", transaction=lock)
        self._lock_used = time.monotonic()

    def _keep_lock(self) -> None:
        if self._lock is not None and time.monotonic() - self._lock_used > _KEEP_ALIVE_SECONDS:
            self._settle(self._lock)

    def _await_end(self, label: str) -> None:
        while [*self.query(_RUNNING, {"label": label})[0]] != [0]:
            time.sleep(_POLL_SECONDS)

    def _roll_back(self, transaction: str) -> None:
        """Roll back, again and again where the service refuses to. Raises DeployedError where it keeps refusing."""
        give_up = time.monotonic() + _ROLL_BACK_SECONDS
        while True:
            try:
                self._client.roll_back(transaction)
            except (DeployedError, Refusal) as error:
                if time.monotonic() > give_up:
                    raise DeployedError(
                        f"a transaction could not be rolled back: {error}; its locks stay until its statement has "
                        "ended and three minutes have passed"
                    ) from None
                time.sleep(_POLL_SECONDS)
            else:
                return


class DataApiTransaction:
    """See ScriptTransaction; made by DataApiTransport."""

    def __init__(
        self, client: DeployedClient, transaction: str, pid: int, keep_lock: Callable[[], None], progress: Progress
    ) -> None:
        self._client = client
        self._transaction = transaction
        self._keep_lock = keep_lock
        self._blockers = Blockers(lambda: client.query(BLOCKER, {"pid": str(pid)}), progress)

    def run(self, text: str, values: Values = NO_VALUES) -> None:
        self._keep_lock()
        try:
            self._client.run(text, values, self._transaction)
        except StillRunning:
            self._await_end()

    def query(self, sql: str, values: Values = NO_VALUES) -> list[Row]:
        self._keep_lock()
        return [*self._client.query(sql, values, self._transaction)]

    def _await_end(self) -> None:
        try:
            while True:
                self._blockers.look()
                time.sleep(_POLL_SECONDS)
                self._keep_lock()
                try:
                    self._client.query("SELECT 1", transaction=self._transaction)
                except Refusal as refusal:
                    if refusal.sqlstate == _IN_FAILED_TRANSACTION:
                        message = f"the statement failed after more than {STATEMENT_SECONDS} s"
                        raise Refusal(f"{message}; its message is in PostgreSQL's log") from None
                    if not still_running(refusal):
                        raise
                else:
                    return
        finally:
            self._blockers.close()
