"""One PostgreSQL session of the emulator: sends statements the way sqlx does, and never blocks the event loop.

Each statement is parsed under the name `sqlx_s_N` with declared parameter types, bound and executed, in one message
train (libpq's pipeline mode). What is beneath is libpq itself, through psycopg.pq, since the types must be declared and
results stay text. A session knows nothing of the Data API's requests or transactions.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from psycopg import OperationalError, pq
from psycopg.pq import ConnStatus, DiagnosticField, ExecStatus, PollingStatus, TransactionStatus
from psycopg.pq.abc import PGconn, PGresult

from queryport.emulator.binding import Arguments
from queryport.emulator.errors import PostgresFailure
from queryport.emulator.refusals import refusal

_ROWS_AT_ONCE = 1024
NO_ARGUMENTS = Arguments([], [], [])


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


@dataclass(frozen=True, slots=True)
class Tag:
    """How a statement ended: the word and the row count of its command tag, and whether it answers with rows."""

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
        self._at_end = False
        self.lost = False
        connection.nonblocking = 1
        connection.enter_pipeline_mode()
        self._socket = connection.socket
        self._loop.add_reader(self._socket, self._readable)

    @classmethod
    async def connect(cls, conninfo: str, user: str) -> "Session":
        """Raises SessionLost if PostgreSQL refuses the user or cannot be reached."""
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
        self, text: str, arguments: Arguments = NO_ARGUMENTS, rows: Callable[[PGresult], None] = _no_rows
    ) -> Tag:
        """Runs one statement; `rows` gets its rows in portions, and may raise to leave the rest unread: see `settle`.

        Raises PostgresFailure, CopyRefused (the session is closed then) or SessionLost.
        """
        connection, before = self._connection, self._prepared
        self._statements += 1
        self._prepared = name = b"sqlx_s_%d" % self._statements
        try:
            if before is not None:
                connection.send_close_prepared(before)
            connection.send_prepare(name, text.encode(), arguments.oids)
            connection.send_query_prepared(name, arguments.values, arguments.formats)
            self._end_train()
            await self._flush()
            if before is not None:
                await self._answer()
            return await self._executed(rows)
        except OperationalError as failure:
            self.close()
            raise SessionLost from failure

    async def _executed(self, rows: Callable[[PGresult], None]) -> Tag:
        last = await self._answer()
        if last.status == ExecStatus.COMMAND_OK:
            # Rows arrive in portions, so that a result past the size limit never fills the memory.
            self._connection.set_chunked_rows_mode(_ROWS_AT_ONCE)
        command: bytes | None = None
        affected: int | None = None
        while (result := await self._next()) is not None:
            command = result.command_status or command  # of rows in portions, the last portion has it
            affected = result.command_tuples or affected
            if result.status in (ExecStatus.TUPLES_CHUNK, ExecStatus.TUPLES_OK):
                rows(result)
            elif result.status in (ExecStatus.COPY_IN, ExecStatus.COPY_OUT):
                self.close()
                raise CopyRefused("CopyInResponse" if result.status == ExecStatus.COPY_IN else "CopyOutResponse")
            if result.status != ExecStatus.PIPELINE_ABORTED:
                last = result
        failure = _failure(last)
        if self._connection.status == ConnStatus.BAD:
            self.close()
            raise SessionLost(failure)
        await self._next()  # the end of the message train
        if failure is not None:
            raise failure
        word = (command or b"").partition(b" ")[0].decode()
        return Tag(word, affected or 0, returns_rows=last.status == ExecStatus.TUPLES_OK)

    def begin_reset(self) -> None:
        """Sends what makes the session as good as new; `settle` waits until it is."""
        try:
            if self._connection.transaction_status != TransactionStatus.IDLE:
                self._connection.send_query_params(b"ROLLBACK", None)
                self._end_train()
            self._connection.send_query_params(b"DISCARD ALL", None)
            self._end_train()
            self._connection.flush()
        except OperationalError:
            self.close()
        self._prepared = None

    async def settle(self) -> None:
        """Reads whatever PostgreSQL still has to say, to no end; raises SessionLost if it hangs up over it."""
        try:
            await self._flush()
            while self._unread_trains:
                result = await self._next()
                if result is not None and result.status in (ExecStatus.COPY_IN, ExecStatus.COPY_OUT):
                    self.close()
                if self.lost or self._connection.status == ConnStatus.BAD:
                    self.close()
                    raise SessionLost
        except OperationalError as failure:
            self.close()
            raise SessionLost from failure

    def _end_train(self) -> None:
        self._connection.pipeline_sync()
        self._unread_trains += 1

    def cancel(self) -> None:
        """Asks PostgreSQL to give up the statement, if one is running."""
        if self._unread_trains and self._connection.status == ConnStatus.OK:
            self._connection.get_cancel().cancel()

    def close(self) -> None:
        if self.lost:
            return
        self.lost = True
        self._loop.remove_reader(self._socket)
        self._loop.remove_writer(self._socket)
        self._connection.finish()
        self._wake()

    async def _answer(self) -> PGresult:
        """The result of one message that has just one."""
        result = await self._next()
        if result is None:
            raise SessionLost
        await self._next()
        return result

    async def _next(self) -> PGresult | None:
        """The next result; None ends those of one message."""
        while not self._at_end and self._connection.is_busy():
            self._waiter = self._loop.create_future()
            await self._waiter
        if self.lost:
            raise SessionLost
        result = self._connection.get_result()
        if result is not None and result.status == ExecStatus.PIPELINE_SYNC:
            self._unread_trains -= 1
        return result

    async def _flush(self) -> None:
        while self._connection.flush():
            await _ready(self._socket, writing=True)

    def _readable(self) -> None:
        try:
            self._connection.consume_input()
        except OperationalError:
            # PostgreSQL hung up; what it said before is still there to be read.
            self._at_end = True
            self._loop.remove_reader(self._socket)
            self._wake()
            return
        if self._waiter is not None and not self._connection.is_busy():
            self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


async def _ready(descriptor: int, *, writing: bool) -> None:
    """Waits until a socket can be written to, or read from."""
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


def _failure(result: PGresult) -> PostgresFailure | None:
    if result.status != ExecStatus.FATAL_ERROR:
        return None

    def part(which: DiagnosticField) -> str | None:
        value = result.error_field(which)
        return None if value is None else value.decode(errors="replace")

    sqlstate = part(DiagnosticField.SQLSTATE)
    if sqlstate is None:  # libpq's own words on a connection that broke
        return None
    return PostgresFailure(
        part(DiagnosticField.SEVERITY_NONLOCALIZED) or "ERROR",
        part(DiagnosticField.MESSAGE_PRIMARY) or "",
        sqlstate,
        part(DiagnosticField.MESSAGE_HINT),
        part(DiagnosticField.STATEMENT_POSITION),
    )
