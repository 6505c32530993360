"""One PostgreSQL session of the emulator: sends statements the way sqlx does, and never blocks the event loop.

Each statement is parsed under the name `sqlx_s_N` with declared parameter types, bound and executed, in one message
train (libpq's pipeline mode). What is beneath is libpq itself, through psycopg.pq, since the types must be declared and
results stay text. A session knows nothing of the Data API's requests or transactions.
"""

import asyncio
import select
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

from psycopg import OperationalError, pq
from psycopg.pq import ConnStatus, ExecStatus, PollingStatus, TransactionStatus
from psycopg.pq.abc import PGconn, PGresult

from queryport.emulator.errors import PostgresFailure
from queryport.emulator.requests.binding import AS_TEXT, BoundArguments
from queryport.emulator.sessions.refusals import failure_in, refusal

# Bound to names of the module once: they are looked at many times for each statement.
_COMMAND_OK = ExecStatus.COMMAND_OK
_ROWS = (ExecStatus.TUPLES_CHUNK, ExecStatus.TUPLES_OK)
_PIPELINE_SYNC, _PIPELINE_ABORTED = ExecStatus.PIPELINE_SYNC, ExecStatus.PIPELINE_ABORTED

_LAST_WORDS = ("FATAL", "PANIC")

_ROWS_AT_ONCE = 1024
_RESET = b"DISCARD ALL"
NO_ARGUMENTS = BoundArguments([], [], [])


def _no_rows(_: PGresult) -> None:
    pass


class SessionLost(Exception):  # noqa: N818 (it is a state that callers tell apart, not a mistake)
    """The connection to PostgreSQL is gone; `failure` is PostgreSQL's last word on it, if it said one."""

    def __init__(self, failure: PostgresFailure | None = None) -> None:
        super().__init__("the connection to PostgreSQL is gone")
        self.failure = failure


class CopyRefused(Exception):  # noqa: N818
    """The statement wanted to COPY from or to the client, which leaves the session unusable."""

    def __init__(self, direction: str) -> None:
        super().__init__(direction)
        self.direction = direction


class Tag(NamedTuple):
    """The end of a statement: the word and the row count of its command tag, and whether it answers with rows."""

    command: str
    affected: int
    returns_rows: bool


class Session:
    """Made by `connect`; one statement at a time."""

    def __init__(self, connection: PGconn) -> None:
        self._connection = connection
        self._loop = asyncio.get_running_loop()
        self._waiter: asyncio.Future[None] | None = None
        self._statements = 0
        self._prepared: bytes | None = None
        self._unread_trains = 0
        self._used = False
        self.lost = False
        connection.nonblocking = 1
        connection.enter_pipeline_mode()
        self._socket = connection.socket
        self._poll = select.poll()
        self._poll.register(self._socket, select.POLLIN)
        self._loop.add_reader(self._socket, self._readable)

    @classmethod
    async def connect(cls, conninfo: str, user: str) -> "Session":
        """Open a session. Raises SessionLost if PostgreSQL refuses the user or cannot be reached."""
        connection = pq.PGconn.connect_start(conninfo.encode())
        try:
            while (step := connection.connect_poll()) != PollingStatus.OK:
                if step == PollingStatus.FAILED:
                    raise SessionLost(refusal(connection.get_error_message("utf-8"), user))
                await _ready(connection.socket, writing=step == PollingStatus.WRITING)
            return cls(connection)
        except BaseException:
            connection.finish()
            raise

    @property
    def backend_pid(self) -> int:
        return self._connection.backend_pid

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open and not failed."""
        return self._connection.transaction_status == TransactionStatus.INTRANS

    @property
    def unread(self) -> bool:
        """Whether PostgreSQL has more to say: a statement was left before its end, or a reset is under way."""
        return self._unread_trains > 0

    async def execute(
        self,
        text: str,
        arguments: BoundArguments = NO_ARGUMENTS,
        rows: Callable[[PGresult], None] = _no_rows,
        result_format: int = AS_TEXT,
    ) -> Tag:
        """Run one statement; `rows` gets its rows in portions, and may raise to leave the rest unread: see `settle`.

        Raises PostgresFailure, CopyRefused (the session is closed then) or SessionLost.
        """
        connection, before, used = self._connection, self._prepared, self._used
        self._statements += 1
        self._prepared = name = b"sqlx_s_%d" % self._statements
        self._used = False
        try:
            if used:
                connection.send_query_params(_RESET, None)
            elif before is not None:
                connection.send_close_prepared(before)
            connection.send_prepare(name, text.encode(), arguments.oids)
            connection.send_query_prepared(name, arguments.values, arguments.formats, result_format)
            self._end_train()
            await self._flush()
            return await self._outcome(rows, messages_before=1 if used or before is not None else 0)
        except OperationalError as failure:
            self.close()
            raise SessionLost from failure

    async def _outcome(self, rows: Callable[[PGresult], None], *, messages_before: int) -> Tag:
        """Read a train: what went before the statement, its parsing, its execution and the end, a None after each."""
        connection = self._connection
        is_busy, get_result = connection.is_busy, connection.get_result
        parsed, executed = messages_before, messages_before + 1
        message = 0
        last: PGresult | None = None
        command: bytes | None = None
        affected: int | None = None
        while True:
            while is_busy():
                await self._news()
            result = get_result()
            if result is None:
                if message == parsed and last is not None and last.status == _COMMAND_OK:
                    # Rows arrive in portions, so that a result past the size limit never fills the memory.
                    connection.set_chunked_rows_mode(_ROWS_AT_ONCE)
                message += 1
                continue
            status = result.status
            if status == _PIPELINE_SYNC:
                self._unread_trains -= 1
                break
            if status == _PIPELINE_ABORTED:
                continue
            if status in _ROWS:
                rows(result)
            elif status != _COMMAND_OK:
                self._check(result)
            last = result
            if message == executed:
                command = result.command_status or command  # of rows in portions, the last portion has it
                affected = result.command_tuples or affected
        if last is None:
            raise SessionLost
        failure = failure_in(last)
        if failure is not None:
            raise failure
        word = (command or b"").partition(b" ")[0].decode()
        return Tag(word, affected or 0, returns_rows=last.status in _ROWS)

    def _check(self, result: PGresult) -> None:
        """Close the session where a result leaves nothing else to do, and raise what it was."""
        if result.status in (ExecStatus.COPY_IN, ExecStatus.COPY_OUT):
            self.close()
            raise CopyRefused("CopyInResponse" if result.status == ExecStatus.COPY_IN else "CopyOutResponse")
        failure = failure_in(result)
        if self._connection.status == ConnStatus.BAD or (failure is not None and failure.severity in _LAST_WORDS):
            self.close()
            raise SessionLost(failure)

    def retire(self) -> None:
        """Mark the session as used: before the next statement, or at `reset`, it is reset by DISCARD ALL.

        The reset travels in front of the next statement, since a message train of its own would cost half as much again
        as a small statement. A transaction that was left open is ended at once.
        """
        self._used = True
        if self._connection.transaction_status != TransactionStatus.IDLE:
            self._send_reset(b"ROLLBACK")

    def reset(self) -> None:
        """Send the reset of a retired session, if no statement did yet; `settle` waits until it is done."""
        if self._used:
            self._used = False
            self._prepared = None
            self._send_reset(_RESET)

    def _send_reset(self, command: bytes) -> None:
        try:
            self._connection.send_query_params(command, None)
            self._end_train()
            self._connection.flush()
        except OperationalError:
            self.close()

    async def settle(self) -> None:
        """Read and drop what PostgreSQL still has to say. Raises SessionLost if it hangs up over it."""
        connection = self._connection
        try:
            await self._flush()
            while self._unread_trains:
                while connection.is_busy():
                    await self._news()
                result = connection.get_result()
                if result is not None and result.status == _PIPELINE_SYNC:
                    self._unread_trains -= 1
                elif result is not None:
                    self._check(result)
        except (OperationalError, CopyRefused) as failure:
            self.close()
            raise SessionLost from failure

    def has_hung_up(self) -> bool:
        """Return whether PostgreSQL has ended an idle session, after reading what it has said until now.

        The event loop may have more to do before it comes to that.
        """
        while not self.lost and self._poll.poll(0):
            self._readable()
        return self.lost

    def _end_train(self) -> None:
        self._connection.pipeline_sync()
        self._unread_trains += 1

    def cancel(self) -> None:
        """Ask PostgreSQL to give up the statement, if one is running."""
        if self._unread_trains and self._connection.status == ConnStatus.OK:
            with suppress(OperationalError):  # where the server cannot be reached any more
                self._connection.get_cancel().cancel()

    def close(self) -> None:
        if self.lost:
            return
        self.lost = True
        self._loop.remove_reader(self._socket)
        self._loop.remove_writer(self._socket)
        self._connection.finish()
        self._wake()

    async def _news(self) -> None:
        """Wait until PostgreSQL has said more. Raises SessionLost when it has hung up instead."""
        if not self.lost:
            self._waiter = self._loop.create_future()
            await self._waiter
        if self.lost:
            raise SessionLost

    async def _flush(self) -> None:
        while self._connection.flush():
            await _ready(self._socket, writing=True)

    def _readable(self) -> None:
        try:
            self._connection.consume_input()
        except OperationalError:  # PostgreSQL hung up, and its last words have been read before
            self.close()
            return
        if self._waiter is not None and not self._connection.is_busy():
            self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


async def _ready(descriptor: int, *, writing: bool) -> None:
    """Wait until a socket can be written to, or read from."""
    loop = asyncio.get_running_loop()
    ready = loop.create_future()

    def announce() -> None:
        if not ready.done():
            ready.set_result(None)

    (loop.add_writer if writing else loop.add_reader)(descriptor, announce)
    try:
        await ready
    finally:
        (loop.remove_writer if writing else loop.remove_reader)(descriptor)
