"""Runs work in one transaction of the database: all of it happens or nothing, and the caller is told which.

A failure before the commit is rolled back before the caller hears of it. Nothing remains of a transaction that was
never told to commit, so until then it can be run again as a whole. Where the commit's answer is lost, an attempt to
roll back tells, or the table of idempotency keys. Knows nothing of operations.
"""

import time
from collections.abc import Callable
from types import MappingProxyType
from typing import NamedTuple

from handler.contract.errors import Outcome, SerializationFailure
from handler.data_api.attempts import repeated
from handler.data_api.client import DataApi, OpenTransaction
from handler.data_api.deadline import Deadline
from handler.data_api.failures import Failed, Failure
from handler.data_api.wire import Rows
from handler.engine.idempotency import IdempotencyKey, Keys
from handler.engine.running import Running, SessionSettings

_ROLLBACK_SECONDS = 1.0  # kept back from the time of the work
_SETTLING_PAUSE_SECONDS = 0.1
_NO_SESSION: SessionSettings = MappingProxyType({})

Work = Callable[[Running], tuple[Rows, list[str]]]
"""The work of a transaction: it gives the rows of the answer, and those that are kept with an idempotency key."""


class TransactionTerms(NamedTuple):
    """The terms on which work is done in a transaction."""

    deadline: Deadline
    collisions: int
    """How often it is run again where it collided with another transaction."""
    key: IdempotencyKey | None = None
    isolation: str | None = None
    """The isolation level; None for the database's own."""
    session: SessionSettings = _NO_SESSION
    roll_back: bool = False
    """The work is taken back where it would be committed."""


class Transactions:
    def __init__(self, data_api: DataApi) -> None:
        self._api = data_api
        self._keys = Keys(data_api)

    def run(self, work: Work, terms: TransactionTerms) -> tuple[Rows, bool]:
        """Run the work until it is committed; say besides whether the rows are those of an earlier call with the key.

        Raises Failed, whose outcome speaks of all attempts.
        """
        attempts = _Attempts(self._api, self._keys, terms)

        def may_repeat(failure: Failure) -> bool:
            return failure.transient and (terms.key is not None or not attempts.in_doubt)

        try:
            return repeated(lambda: attempts.run(work), may_repeat, terms.collisions, terms.deadline)
        except Failed as failed:
            if attempts.in_doubt:
                raise Failed(failed.failure._replace(outcome=Outcome.UNKNOWN)) from None
            raise


class _Attempts:
    """One after the other, the attempts of one call."""

    def __init__(self, data_api: DataApi, keys: Keys, terms: TransactionTerms) -> None:
        self._api = data_api
        self._keys = keys
        self._terms = terms
        self._deadline = terms.deadline
        self._key = terms.key
        self._has_key = False
        self.in_doubt = False
        """An attempt may have committed."""

    def run(self, work: Work) -> tuple[Rows, bool]:
        """Make one attempt. Raises Failed."""
        working_time = self._deadline.keeping_back(_ROLLBACK_SECONDS)
        transaction = self._api.begin(working_time)
        try:
            rows = self._work(work, transaction, working_time)
        except Failed as failed:
            _abandon(transaction, self._deadline)
            # Where the key was not to be had, the call that had it may have finished meanwhile.
            if self._key is not None and not self._has_key and failed.failure.sqlstate is not None:
                stored = self._keys.answer(self._key, self._deadline)
                if stored is not None:
                    return Rows(stored), True
            raise Failed(failed.failure._replace(outcome=Outcome.ROLLED_BACK)) from None
        except BaseException:
            _abandon(transaction, self._deadline)
            raise
        if rows is None:
            _abandon(transaction, self._deadline)
            return self._replay()
        if self._terms.roll_back:
            _abandon(transaction, self._deadline)
            return rows, False
        return self._commit(transaction, rows), False

    def _work(self, work: Work, transaction: OpenTransaction, deadline: Deadline) -> Rows | None:
        """Do everything up to the commit; None where the key was used before."""
        self._has_key = False
        running = Running(transaction, deadline)
        if self._terms.isolation is not None:
            transaction.execute(f"SET TRANSACTION ISOLATION LEVEL {self._terms.isolation.upper()}", (), deadline)
        if not running.limit(self._key):
            return None
        if self._key is not None:
            self._has_key = True
            self.in_doubt = False  # had an earlier attempt committed, the key would not be free
        running.take_session(self._terms.session)
        rows, kept = work(running)
        if self._terms.roll_back:
            running.check_deferred()
        if self._key is not None:
            running.store(self._key, kept, self._terms.session)
        return rows

    def _commit(self, transaction: OpenTransaction, rows: Rows) -> Rows:
        try:
            transaction.commit(self._deadline)
        except Failed as failed:
            if failed.failure.outcome is Outcome.UNKNOWN:
                settled = self._settle(transaction)
                if settled is Outcome.COMMITTED:
                    return rows
                self.in_doubt = settled is Outcome.UNKNOWN
            else:
                _abandon(transaction, self._deadline)  # refused as it was, the transaction may still be open
            outcome = Outcome.UNKNOWN if self.in_doubt else Outcome.ROLLED_BACK
            raise Failed(failed.failure._replace(outcome=outcome)) from None
        return rows

    def _replay(self) -> tuple[Rows, bool]:
        assert self._key is not None  # noqa: S101 (a transaction without a key always gets past its claim)
        stored = self._keys.answer(self._key, self._deadline)
        if stored is not None:
            return Rows(stored), not self.in_doubt
        raise Failed(_LAPSED)

    def _settle(self, transaction: OpenTransaction) -> Outcome:
        """Find out what became of a commit that was not answered."""
        while self._deadline.seconds() > 0:
            try:
                if transaction.roll_back(self._deadline):
                    return Outcome.ROLLED_BACK
                if self._key is None:
                    return Outcome.UNKNOWN
                committed = self._keys.answer(self._key, self._deadline) is not None
                return Outcome.COMMITTED if committed else Outcome.ROLLED_BACK
            except Failed:
                # The commit may still be under way, or the network may be down for a moment.
                _pause(self._deadline)
        return Outcome.UNKNOWN


def _abandon(transaction: OpenTransaction, deadline: Deadline) -> None:
    """Roll back. Where that cannot be done, the service does it after three minutes."""
    while deadline.seconds() > 0:
        try:
            transaction.roll_back(deadline)
        except Failed:
            # The statement that ran out of time may still be running, or the network may be down for a moment.
            _pause(deadline)
        else:
            return


def _pause(deadline: Deadline) -> None:
    time.sleep(min(_SETTLING_PAUSE_SECONDS, max(0.0, deadline.seconds())))


_LAPSED = Failure(
    SerializationFailure,
    Outcome.ROLLED_BACK,
    transient=True,
    detail="the idempotency key lapsed during the call",
    sqlstate="40001",
)
