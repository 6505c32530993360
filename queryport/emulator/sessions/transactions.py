"""Open transactions: one session each, one call at a time, ended by the client, by an error or by the clock.

An id that has ended is remembered with the reason, since the service tells three reasons apart.
"""

import asyncio
import secrets
from base64 import b64encode
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from queryport.emulator.errors import ApiError, too_many_clients
from queryport.emulator.limits import Limits
from queryport.emulator.sessions.pool import Pool
from queryport.emulator.sessions.session import Session
from queryport.emulator.sessions.targets import Target

EXPIRED = "Transaction may be expired."
ENDED = "One previous call resulted in a termination of your transaction."
ABORTED = "Transaction has been aborted due to an error from a previous call."

_ID_BYTES = 138
"""184 characters of base64, as long as the service's own."""
_REMEMBERED = 10_000


@dataclass(slots=True)
class EmulatedTransaction:
    """`busy` while a call runs in it, one that goes on after its time-out included."""

    resource_arn: str
    target: Target
    session: Session
    began: float
    used: float
    busy: bool = False
    unattended: asyncio.Task[Any] | None = None
    """The call that goes on after its time-out."""


class EmulatedTransactions:
    """The open transactions of one event loop; `expire` is to be called now and then."""

    def __init__(self, pool: Pool, limits: Limits) -> None:
        self._pool = pool
        self._limits = limits
        self._open: dict[str, EmulatedTransaction] = {}
        self._beginning = 0
        self._gone: OrderedDict[str, str] = OrderedDict()
        self._loop = asyncio.get_running_loop()

    def __len__(self) -> int:
        return len(self._open)

    async def begin(self, resource_arn: str, target: Target) -> str:
        if len(self._open) + self._beginning >= self._limits.transactions:
            raise too_many_clients()
        self._beginning += 1
        try:
            session = await self._begun(target)
        finally:
            self._beginning -= 1
        now = self._loop.time()
        transaction_id = b64encode(secrets.token_bytes(_ID_BYTES)).decode()
        self._open[transaction_id] = EmulatedTransaction(resource_arn, target, session, now, now)
        return transaction_id

    async def _begun(self, target: Target) -> Session:
        session = await self._pool.take(target)
        try:
            await session.execute("BEGIN")
        except BaseException:
            self._pool.give_back(target, session)
            raise
        return session

    async def end(self, resource_arn: str, transaction_id: str, command: str) -> None:
        """Run COMMIT or ROLLBACK; the id is gone afterwards, whatever PostgreSQL answered."""
        async with self.session(resource_arn, transaction_id) as session:
            reason = ABORTED
            try:
                await session.execute(command)
                reason = ENDED
            finally:
                self._close(transaction_id, reason)

    @asynccontextmanager
    async def session(self, resource_arn: str, transaction_id: str) -> AsyncIterator[Session]:
        """A transaction's session for the length of one call; raises ApiError if it is gone or in use."""
        transaction = await self._claim(resource_arn, transaction_id)
        transaction.busy = True
        transaction.unattended = None
        session = transaction.session
        try:
            yield session
        finally:
            try:
                if transaction_id in self._open and session.unread and not session.lost:
                    # What was left unread, say of a result too large, is PostgreSQL's to finish before the next call.
                    await session.settle()
            finally:
                transaction.busy = False
                transaction.used = self._loop.time()
                if session.lost:
                    self._close(transaction_id, ABORTED)

    async def _claim(self, resource_arn: str, transaction_id: str) -> EmulatedTransaction:
        transaction = self._open.get(transaction_id)
        if transaction is not None and transaction.busy and transaction.unattended is not None:
            # Its client was told of the time-out and is free to go on: the next call waits, as long as a call may.
            await asyncio.wait([transaction.unattended], timeout=self._limits.statement_seconds)
            transaction = self._open.get(transaction_id)
        if transaction is not None and not transaction.busy and (reason := self._end_of(transaction)):
            self._close(transaction_id, reason)
            transaction = None
        if transaction is None or transaction.resource_arn != resource_arn:
            cause = self._gone.get(transaction_id, EXPIRED)
            raise ApiError("TransactionNotFoundException", f"Transaction {transaction_id} isn't found. {cause}")
        if transaction.busy:
            raise ApiError("DatabaseErrorException", "Transaction is still running a query")
        return transaction

    def leave_running(self, transaction_id: str, task: asyncio.Task[Any]) -> None:
        """Note that the call in a transaction goes on although its client has had its answer."""
        transaction = self._open.get(transaction_id)
        if transaction is not None:
            transaction.unattended = task

    def expire(self) -> None:
        """Roll back what was idle or open for too long."""
        for transaction_id, transaction in list(self._open.items()):
            if not transaction.busy and (reason := self._end_of(transaction)):
                self._close(transaction_id, reason)

    def _end_of(self, transaction: EmulatedTransaction) -> str | None:
        """The reason for which a transaction is over; None for one that is open."""
        if transaction.session.lost:
            return ABORTED
        idle, open_for = self._loop.time() - transaction.used, self._loop.time() - transaction.began
        if idle > self._limits.transaction_idle_seconds or open_for > self._limits.transaction_total_seconds:
            return EXPIRED
        return None

    def _close(self, transaction_id: str, reason: str) -> None:
        transaction = self._open.pop(transaction_id, None)
        if transaction is None:
            return
        self._gone[transaction_id] = reason
        if len(self._gone) > _REMEMBERED:
            self._gone.popitem(last=False)
        self._pool.give_back(transaction.target, transaction.session)
