"""The operations themselves: what a request does to PostgreSQL, and the members of its answer.

Knows nothing of HTTP. Raises ApiError for every answer that is not a success.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import orjson

from queryport.aws.placeholders import Scanned, has_several_statements, scan
from queryport.emulator.errors import ApiError, PostgresFailure, validation
from queryport.emulator.limits import Limits
from queryport.emulator.requests.binding import AS_BINARY, BoundArguments, bind
from queryport.emulator.requests.shapes import (
    BatchExecuteStatement,
    BeginTransaction,
    ExecuteStatement,
    ResultSetOptions,
    ServiceRequest,
)
from queryport.emulator.results.catalog import look_up_columns, look_up_types
from queryport.emulator.results.metadata import column_metadata
from queryport.emulator.results.records import RecordRows, ReturnTypes
from queryport.emulator.results.types import BUILT_IN, ResultType
from queryport.emulator.sessions.pool import Pool
from queryport.emulator.sessions.session import CopyRefused, Session, SessionLost, Tag
from queryport.emulator.sessions.targets import Directory
from queryport.emulator.sessions.transactions import EmulatedTransactions

ResponseMembers = dict[str, object]

_SEVERAL_STATEMENTS = "cannot insert multiple commands into a prepared statement"
_TIMED_OUT = "canceling statement due to statement timeout"
_AS_EVER = ReturnTypes()


class Service:
    """One emulated Data API; belongs to one event loop."""

    def __init__(self, directory: Directory, limits: Limits) -> None:
        self.directory = directory
        self.limits = limits
        self.pool = Pool(limits)
        self.transactions = EmulatedTransactions(self.pool, limits)
        self._unattended: set[asyncio.Task[ResponseMembers]] = set()

    async def answer(self, operation: str, request: ServiceRequest) -> ResponseMembers:
        """The members of the answer to a request."""
        try:
            match request:
                case ExecuteStatement():
                    return await self._execute_statement(request)
                case BatchExecuteStatement():
                    return await self._batch_execute_statement(request)
                case BeginTransaction():
                    return await self._begin_transaction(request)
                case _:
                    return await self._end_transaction(request, commit=operation == "CommitTransaction")
        except PostgresFailure as failure:
            raise ApiError("DatabaseErrorException", failure.text) from failure
        except CopyRefused as refused:
            raise ApiError("DatabaseErrorException", f"execute: unexpected message: {refused.direction}") from refused
        except SessionLost as lost:
            if lost.failure is None:
                raise ApiError("DatabaseUnavailableException") from lost
            raise ApiError("DatabaseErrorException", lost.failure.text) from lost

    def sweep(self) -> None:
        """Let transactions expire and close idle sessions; to be called now and then."""
        self.transactions.expire()
        self.pool.sweep()

    def status(self) -> dict[str, int]:
        return {"sessions": self.pool.open, "idle": self.pool.idle, "transactions": len(self.transactions)}

    def close(self) -> None:
        for task in self._unattended:
            task.cancel()
        self.pool.close()

    def _forget(self, task: asyncio.Task[ResponseMembers]) -> None:
        """Discard the result of a statement that outlived its call."""
        self._unattended.discard(task)
        if not task.cancelled():
            task.exception()

    async def _execute_statement(self, request: ExecuteStatement) -> ResponseMembers:
        scanned = _scanned(request, request.sql)
        sessions: list[Session] = []
        run = self._run(request, scanned.text, bind(scanned, request.parameters or ()), sessions.append)
        if not request.continueAfterTimeout:
            return await run
        # The call is over when its time is, and the statement goes on.
        task = asyncio.create_task(run)
        self._unattended.add(task)
        task.add_done_callback(self._forget)
        done, _ = await asyncio.wait([task], timeout=self.limits.statement_seconds)
        if done:
            return task.result()
        if request.transactionId is not None:
            self.transactions.leave_running(request.transactionId, task)
        raise _timed_out(*sessions)

    async def _batch_execute_statement(self, request: BatchExecuteStatement) -> ResponseMembers:
        scanned = _scanned(request, request.sql)
        batch = [bind(scanned, parameters) for parameters in request.parameterSets or ()]
        if batch:
            async with self._session(request) as session:
                for arguments in batch:
                    await _execute(session, scanned.text, arguments, RecordRows(self.limits))
        return {"updateResults": [{"generatedFields": []} for _ in batch]}

    async def _begin_transaction(self, request: BeginTransaction) -> ResponseMembers:
        _refuse_schema(request)
        target = self.directory.target(request)
        return {"transactionId": await self.transactions.begin(request.resourceArn, target)}

    async def _end_transaction(self, request: ServiceRequest, *, commit: bool) -> ResponseMembers:
        self.directory.target(request)
        command = "COMMIT" if commit else "ROLLBACK"
        await self.transactions.end(request.resourceArn, request.transactionId or "", command)
        return {"transactionStatus": "Transaction Committed" if commit else "Rollback Complete"}

    async def _run(
        self, request: ExecuteStatement, text: str, arguments: BoundArguments, found: Callable[[Session], None]
    ) -> ResponseMembers:
        """Run a statement; `found` is told of its session before."""
        rows = RecordRows(
            self.limits, described=bool(request.includeResultMetadata) or request.formatRecordsAs == "JSON"
        )
        async with self._session(request) as session:
            found(session)
            if request.continueAfterTimeout:
                async with _without_timeout(session, self.limits):
                    tag = await _execute(session, text, arguments, rows)
            else:
                tag = await _execute(session, text, arguments, rows)
            if not tag.returns_rows:
                return {"generatedFields": [], "numberOfRecordsUpdated": tag.affected}
            as_json = request.formatRecordsAs == "JSON" and tag.command == "SELECT"
            with_metadata = bool(request.includeResultMetadata) and not as_json
            types: Mapping[int, ResultType] = BUILT_IN
            unknown = rows.foreign_types(even_without_rows=with_metadata)
            if unknown:
                types = BUILT_IN | await look_up_types(session, unknown)
                await _refuse_text_only(session, rows, types)
            tables = await look_up_columns(session, rows.tables) if with_metadata and rows.tables else {}
        returns = _returns(request.resultSetOptions)
        answer: ResponseMembers = {"numberOfRecordsUpdated": 0}
        if as_json:
            return answer | {"formattedRecords": rows.formatted(types, returns)}
        answer["records"] = orjson.Fragment(rows.records(types, returns))
        if with_metadata:
            answer["columnMetadata"] = column_metadata(rows.columns, types, tables)
        return answer

    def _session(self, request: ServiceRequest) -> AbstractAsyncContextManager[Session]:
        """The transaction's session, or one of the pool's."""
        target = self.directory.target(request)
        if request.transactionId is None:
            return self.pool.session(target)
        return self.transactions.session(request.resourceArn, request.transactionId)


def _scanned(request: ServiceRequest, sql: str) -> Scanned:
    _refuse_schema(request)
    if "\0" in sql:  # in PostgreSQL's protocol it ends the statement, and makes what follows nonsense
        raise PostgresFailure("ERROR", "invalid message format", "08P01")
    if has_several_statements(sql):
        raise _several_statements()
    return scan(sql)


async def _refuse_text_only(session: Session, rows: RecordRows, types: Mapping[int, ResultType]) -> None:
    """Let PostgreSQL say, in this session, that a type has no binary form, which it says to the service's question."""
    type_ = rows.text_only(types)
    if type_ is not None:
        await session.execute(f"SELECT NULL::{type_.display}", result_format=AS_BINARY)


def _timed_out(session: Session | None = None) -> ApiError:
    """For a statement in a session, or for one that has none yet."""
    members = {} if session is None else {"dbConnectionId": session.backend_pid}
    return ApiError("StatementTimeoutException", _TIMED_OUT, members)


def _several_statements() -> ApiError:
    return validation("Multistatements aren't supported.")


def _refuse_schema(request: ServiceRequest) -> None:
    if request.schema_ is not None:
        raise validation("The schema parameter isn't supported")


def _returns(options: ResultSetOptions | None) -> ReturnTypes:
    if options is None:
        return _AS_EVER
    return ReturnTypes(options.decimalReturnType == "DOUBLE_OR_LONG", options.longReturnType == "STRING")


async def _execute(session: Session, text: str, arguments: BoundArguments, rows: RecordRows) -> Tag:
    """Run a statement. Raises ApiError for one that PostgreSQL gave up on for the service's own reasons."""
    try:
        return await session.execute(text, arguments, rows.add)
    except PostgresFailure as failure:
        if failure.sqlstate == "57014" and failure.message == _TIMED_OUT:
            raise _timed_out(session) from failure
        if failure.sqlstate == "42601" and failure.message == _SEVERAL_STATEMENTS:
            raise _several_statements() from failure
        raise


@asynccontextmanager
async def _without_timeout(session: Session, limits: Limits) -> AsyncIterator[None]:
    in_transaction = session.in_transaction
    await session.execute(f"SET {'LOCAL ' if in_transaction else ''}statement_timeout = 0")
    try:
        yield
    finally:
        if in_transaction and not session.lost:
            await session.settle()
            if session.in_transaction:
                await session.execute(f"SET LOCAL statement_timeout = {limits.statement_milliseconds}")
