"""Sends statements to Aurora through the RDS Data API, within the time that is left, and never twice by accident.

Turns what AWS, PostgreSQL and the network answer into a Failure, and sends again what handler.data_api.retries says may
be sent again. Knows nothing of operations.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TypeVar

from handler.contract.errors import Outcome
from handler.contract.limits import STATEMENT_SECONDS
from handler.data_api import attempts, retries
from handler.data_api.connection import Loss, NoAnswer
from handler.data_api.deadline import Deadline
from handler.data_api.failures import Failed, Failure
from handler.data_api.retries import NETWORK, Replay
from handler.data_api.wire import (
    Action,
    Request,
    Rows,
    ServiceError,
    read_end,
    read_rows,
    read_transaction_id,
    read_updates,
)
from handler.settings import Settings

_CONNECT_SECONDS = 3.0
_READ_SECONDS = STATEMENT_SECONDS + 10.0

# A server closes connections that idle for long, and while the process is frozen it does not learn of it. A request on
# a dead connection fails in a way that looks as if it might have run, so a write is given a new connection instead.
_IDLE_SECONDS = 15.0

Arguments = Sequence[tuple[str, str | None]]
"""The placeholders of a statement and their values as text; None is NULL."""

T = TypeVar("T")


class Transport(Protocol):
    """The part of handler.data_api.wire.Wire that requests go through."""

    def send(self, request: Request, *, attempt: int, connect: float, read: float) -> bytes: ...

    def close(self) -> None: ...


class DataApi:
    """The database, one statement at a time or in transactions."""

    def __init__(self, settings: Settings, transport: Transport) -> None:
        self._requests = _Requests(settings, transport)

    def execute(
        self, sql: str, arguments: Arguments, *, replay: Replay, deadline: Deadline, collisions: int = 3
    ) -> Rows:
        """Run one statement on its own. Raises Failed."""
        members = {"sql": sql, "parameters": encode_parameters(arguments)}
        return self._requests.send(Action.EXECUTE, members, read_rows, replay, deadline, collisions)

    def begin(self, deadline: Deadline) -> "OpenTransaction":
        """Begin a transaction; one whose beginning was not answered ends by itself, and held nothing. Raises Failed."""
        identifier = self._requests.send(Action.BEGIN, {}, read_transaction_id, Replay.READ, deadline)
        return OpenTransaction(self._requests, identifier)


class OpenTransaction:
    """A transaction of the Data API. Nothing of it remains unless `commit` was sent."""

    def __init__(self, requests: "_Requests", identifier: str) -> None:
        self._requests = requests
        self._identified = {"transactionId": identifier}

    def execute(self, sql: str, arguments: Arguments, deadline: Deadline) -> Rows:
        """Run one statement. Raises Failed."""
        members = {**self._identified, "sql": sql, "parameters": encode_parameters(arguments)}
        return self._requests.send(Action.EXECUTE, members, read_rows, Replay.STEP, deadline)

    def execute_batch(self, sql: str, sets: Sequence[list[dict[str, Any]]], deadline: Deadline) -> None:
        """Run a statement once for each set of encoded parameters. Raises Failed."""
        members = {**self._identified, "sql": sql, "parameterSets": sets}
        self._requests.send(Action.BATCH_EXECUTE, members, read_updates, Replay.STEP, deadline)

    def commit(self, deadline: Deadline) -> None:
        """Commit. Raises Failed; one whose outcome is unknown may yet be settled by `roll_back`."""
        self._requests.send(Action.COMMIT, self._identified, read_end, Replay.STEP, deadline)

    def roll_back(self, deadline: Deadline) -> bool:
        """Roll back, if the transaction is still open; False says that it had ended before. Raises Failed."""
        try:
            self._requests.send(Action.ROLL_BACK, self._identified, read_end, Replay.STEP, deadline)
        except Failed as failed:
            if failed.failure.cause in ("TransactionNotFoundException", "NotFoundException"):
                return False
            raise
        return True


class _Requests:
    """Sends the requests of a function, each until it is answered or fails for good."""

    def __init__(self, settings: Settings, transport: Transport) -> None:
        self._transport = transport
        self._cluster: dict[str, Any] = {"resourceArn": settings.resource_arn, "secretArn": settings.secret_arn}
        self._database = self._cluster if settings.database is None else self._cluster | {"database": settings.database}
        self._last_used = time.monotonic()

    def send(
        self,
        action: Action,
        members: Mapping[str, Any],
        read: Callable[[bytes], T],
        replay: Replay,
        deadline: Deadline,
        collisions: int = 0,
    ) -> T:
        """Send a request and read its answer. Raises Failed.

        The failure's outcome speaks of all attempts: where one may have made its change, a later one's refusal does not
        say that it has not.
        """
        ends = action in (Action.COMMIT, Action.ROLL_BACK)
        request = Request.of(action, {**(self._cluster if ends else self._database), **members})
        number = 0
        in_doubt = False

        def attempt() -> T:
            nonlocal number, in_doubt
            number += 1
            try:
                answer = self._attempt(request, number, replay, deadline)
                return _read(answer, read)
            except Failed as failed:
                in_doubt = in_doubt or failed.failure.outcome is Outcome.UNKNOWN
                raise

        try:
            return attempts.repeated(attempt, lambda failure: retries.may_repeat(failure, replay), collisions, deadline)
        except Failed as failed:
            if replay is Replay.READ:
                raise Failed(failed.failure._replace(outcome=Outcome.NOT_EXECUTED)) from None
            if in_doubt:
                raise Failed(failed.failure._replace(outcome=Outcome.UNKNOWN)) from None
            raise

    def _attempt(self, request: Request, number: int, replay: Replay, deadline: Deadline) -> bytes:
        seconds = deadline.seconds()
        if seconds <= 0:
            raise Failed(attempts.NO_TIME)
        if replay is not Replay.READ and time.monotonic() - self._last_used > _IDLE_SECONDS:
            self._transport.close()
        connect, read = min(seconds, _CONNECT_SECONDS), min(seconds, _READ_SECONDS)
        try:
            answer = self._transport.send(request, attempt=number, connect=connect, read=read)
        except ServiceError as error:
            raise Failed(_refusal(error)) from None
        except NoAnswer as error:
            raise Failed(NETWORK[error.loss]._replace(cause=error.cause)) from None
        self._last_used = time.monotonic()
        return answer


def _read(answer: bytes, read: Callable[[bytes], T]) -> T:
    try:
        return read(answer)
    except ValueError as error:
        raise Failed(NETWORK[Loss.UNREADABLE]._replace(cause=type(error).__name__)) from None


def encode_parameters(arguments: Arguments) -> list[dict[str, Any]]:
    """The values as the service takes them."""
    return [
        {"name": name, "value": {"isNull": True} if text is None else {"stringValue": text}} for name, text in arguments
    ]


def _refusal(error: ServiceError) -> Failure:
    if error.code == "DatabaseErrorException":
        # Imported here, since most calls succeed.
        from handler.contract.database_message import DatabaseMessage
        from handler.data_api.database_errors import failure_of

        failure = failure_of(DatabaseMessage.parse(error.message))
    else:
        failure = retries.service_failure(error.code, error.message, error.status)
    return failure._replace(cause=error.code)
