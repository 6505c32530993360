"""Runs work in one transaction of the database: all of it happens or nothing, and whoever waits is told which.

Begins, limits the statements to the time that is left, does the work, commits; whatever goes wrong before the commit
is rolled back before the caller hears of it. Nothing remains of a transaction that was never told to commit, so until
then it can be run again as a whole. Where the commit's answer is lost, an attempt to roll back tells, or the table of
idempotency keys. Knows nothing of operations.
"""

import time
from collections.abc import Callable, Sequence
from typing import Any

from handler.contract.errors import OperationError, Outcome, SerializationFailure
from handler.data_api import retries
from handler.data_api.client import Arguments, DataApi, OpenTransaction, Rows
from handler.data_api.deadline import Deadline
from handler.engine import codecs
from handler.engine.idempotency import CLAIM, STORE, Key, Keys

_ROLLBACK_SECONDS = 1.0  # kept back from the time of the work
_SETTLING_PAUSE_SECONDS = 0.1
_OLDEST_LIMIT_SECONDS = 1.0
_HEAD_START_SECONDS = 0.2  # by which PostgreSQL gives up before the function does, so that its answer arrives

_LIMIT = "SELECT set_config('statement_timeout', :__timeout, true)"
_TEXTS = codecs.encoder(["array", "scalar"], {})


class Running:
    """A transaction while it does its work."""

    def __init__(self, transaction: OpenTransaction, deadline: Deadline) -> None:
        self._transaction = transaction
        self._deadline = deadline
        self._limited_to: float | None = None

    def limit(self, key: Key | None) -> bool:
        """Has PostgreSQL cancel what would outlive the deadline, and takes the key in the same breath.

        False says that the key was used before.
        """
        milliseconds = self._limit_milliseconds()
        if key is None:
            self._transaction.execute(_LIMIT, [("__timeout", milliseconds)], self._deadline)
            return True
        arguments = [*key.arguments.items(), ("__timeout", milliseconds)]
        return bool(self._transaction.execute(CLAIM, arguments, self._deadline).texts)

    def execute(self, sql: str, arguments: Arguments) -> Rows:
        self._renew_limit()
        return self._transaction.execute(sql, arguments, self._deadline)

    def execute_batch(self, sql: str, sets: Sequence[list[dict[str, Any]]]) -> None:
        self._renew_limit()
        self._transaction.execute_batch(sql, sets, self._deadline)

    def store(self, key: Key, texts: Sequence[str]) -> None:
        """Keeps the answer with the key."""
        arguments = [("__operation", key.operation), ("__key", key.text), ("__response", _TEXTS(list(texts)))]
        self._transaction.execute(STORE, arguments, self._deadline)

    def _renew_limit(self) -> None:
        """The limit is that of each statement; one set long ago would let a later statement outlive the deadline."""
        if self._limited_to is not None and self._deadline.seconds() < self._limited_to - _OLDEST_LIMIT_SECONDS:
            self._transaction.execute(_LIMIT, [("__timeout", self._limit_milliseconds())], self._deadline)

    def _limit_milliseconds(self) -> str:
        self._limited_to = self._deadline.seconds()
        return str(max(1, int((self._limited_to - _HEAD_START_SECONDS) * 1000)))


Work = Callable[[Running], tuple[Rows, list[str]]]
"""What is done in a transaction: the rows of the answer, and what of it is kept with an idempotency key."""


class Transactions:
    def __init__(self, data_api: DataApi, keys: Keys) -> None:
        self._api = data_api
        self._keys = keys

    def run(
        self, work: Work, *, key: Key | None, isolation: str | None, collisions: int, deadline: Deadline
    ) -> tuple[Rows, bool]:
        """The rows of the work, and whether they are those of an earlier call with the same key.

        Raises one of handler.errors, whose outcome speaks of all attempts.
        """
        attempts: dict[retries.Backoff, int] = {}
        attempt = _Attempt(self._api, self._keys, key, isolation)
        last: OperationError | None = None
        while True:
            try:
                return attempt.run(work, deadline)
            except OperationError as failure:
                # One for which there was no time any more says less than the one before it.
                error = last if last is not None and failure.outcome is Outcome.NOT_EXECUTED else failure
                last = error
                may_repeat = error.passing and (key is not None or not attempt.in_doubt)
                backoff = retries.backoff_of(error, collisions)
                attempts[backoff] = number = attempts.get(backoff, 0) + 1
                pause = backoff.seconds(number)
                if not may_repeat or number >= backoff.attempts or pause >= deadline.seconds():
                    if attempt.in_doubt:
                        error.outcome = Outcome.UNKNOWN
                    raise error from None
            time.sleep(pause)


class _Attempt:
    """One after the other, the attempts of one call."""

    def __init__(self, data_api: DataApi, keys: Keys, key: Key | None, isolation: str | None) -> None:
        self._api = data_api
        self._keys = keys
        self._key = key
        self._isolation = isolation
        self._has_key = False
        self.in_doubt = False
        """An attempt may have committed."""

    def run(self, work: Work, deadline: Deadline) -> tuple[Rows, bool]:
        transaction = self._api.begin(deadline.keeping_back(_ROLLBACK_SECONDS))
        try:
            rows = self._work(work, transaction, deadline.keeping_back(_ROLLBACK_SECONDS))
        except BaseException as error:
            _abandon(transaction, deadline)
            if isinstance(error, OperationError):
                error.outcome = Outcome.ROLLED_BACK
                # Where the key was not to be had, somebody who had it may have finished meanwhile.
                if self._key is not None and not self._has_key and error.sqlstate is not None:
                    stored = self._keys.answer(self._key, deadline)
                    if stored is not None:
                        return Rows(stored, 0), True
            raise
        if rows is None:
            _abandon(transaction, deadline)
            return self._replay(deadline)
        try:
            transaction.commit(deadline)
        except OperationError as error:
            if error.outcome is Outcome.UNKNOWN:
                settled = self._settle(transaction, deadline)
                if settled is Outcome.COMMITTED:
                    return rows, False
                self.in_doubt = settled is Outcome.UNKNOWN
            else:
                _abandon(transaction, deadline)  # refused as it was, the transaction may still be open
            error.outcome = Outcome.UNKNOWN if self.in_doubt else Outcome.ROLLED_BACK
            raise
        return rows, False

    def _work(self, work: Work, transaction: OpenTransaction, deadline: Deadline) -> Rows | None:
        """Everything up to the commit; None where the key was used before."""
        self._has_key = False
        running = Running(transaction, deadline)
        if self._isolation is not None:
            transaction.execute(f"SET TRANSACTION ISOLATION LEVEL {self._isolation.upper()}", (), deadline)
        if not running.limit(self._key):
            return None
        if self._key is not None:
            self._has_key = True
            self.in_doubt = False  # had an earlier attempt committed, the key would not be free
        rows, kept = work(running)
        if self._key is not None:
            running.store(self._key, kept)
        return rows

    def _replay(self, deadline: Deadline) -> tuple[Rows, bool]:
        assert self._key is not None  # noqa: S101 (a transaction without a key always gets past its claim)
        stored = self._keys.answer(self._key, deadline)
        if stored is not None:
            return Rows(stored, 0), not self.in_doubt
        raise _lapsed()

    def _settle(self, transaction: OpenTransaction, deadline: Deadline) -> Outcome:
        """What became of a commit that was not answered."""
        while deadline.seconds() > 0:
            try:
                if transaction.roll_back(deadline):
                    return Outcome.ROLLED_BACK
                if self._key is None:
                    return Outcome.UNKNOWN
                committed = self._keys.answer(self._key, deadline) is not None
                return Outcome.COMMITTED if committed else Outcome.ROLLED_BACK
            except OperationError:
                # The commit may still be under way, or the network may be down for a moment.
                time.sleep(min(_SETTLING_PAUSE_SECONDS, max(0.0, deadline.seconds())))
        return Outcome.UNKNOWN


def _abandon(transaction: OpenTransaction, deadline: Deadline) -> None:
    """Rolls back. Where that cannot be done, the service does it after three minutes."""
    while deadline.seconds() > 0:
        try:
            transaction.roll_back(deadline)
        except OperationError:
            # The statement that ran out of time may still be running, or the network may be down for a moment.
            time.sleep(min(_SETTLING_PAUSE_SECONDS, max(0.0, deadline.seconds())))
        else:
            return


def _lapsed() -> OperationError:
    error = SerializationFailure("the idempotency key lapsed during the call", sqlstate="40001")
    error.passing, error.outcome = True, Outcome.ROLLED_BACK
    return error
