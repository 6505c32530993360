"""Sends statements to Aurora through the RDS Data API, within the time that is left, and never twice by accident.

Turns what AWS, PostgreSQL and the network answer into one of handler.errors, with its outcome, and sends again what
handler.data_api.retries says may be sent again. Knows nothing of operations.
"""

import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeVar

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    HTTPClientError,
    ProxyConnectionError,
    ReadTimeoutError,
)
from botocore.parsers import ResponseParserError

from handler.contract import errors
from handler.contract.database_message import DatabaseMessage
from handler.contract.errors import OperationError, Outcome
from handler.data_api import retries, sdk
from handler.data_api.database_errors import operation_error
from handler.data_api.deadline import Deadline
from handler.data_api.retries import NETWORK, Fault, Kind
from handler.data_api.sdk import StatementClient
from handler.settings import Settings

# A server closes connections that idle for long, and while the process is frozen it does not learn of it. A request on
# a dead connection fails in a way that looks as if it might have run, so a write is given a new connection instead.
_IDLE_SECONDS = 15.0

Arguments = Sequence[tuple[str, str | None]]
"""The placeholders of a statement and their values as text; None is NULL."""

T = TypeVar("T")


class Rows(NamedTuple):
    texts: list[str]
    """The one column of each row, JSON."""
    updated: int
    """The rows that a write changed, if it answers no rows."""


class DataApi:
    def __init__(self, settings: Settings, client: StatementClient) -> None:
        self._client = client
        self._cluster: dict[str, Any] = {"resourceArn": settings.resource_arn, "secretArn": settings.secret_arn}
        self._target = self._cluster if settings.database is None else self._cluster | {"database": settings.database}
        self._last_used = time.monotonic()

    def execute(self, sql: str, arguments: Arguments, *, kind: Kind, deadline: Deadline, collisions: int = 3) -> Rows:
        """Runs one statement on its own. Raises one of handler.contract.errors."""
        request = {**self._target, "sql": sql, "parameters": parameters(arguments)}
        return self._rows(request, kind, deadline, collisions)

    def begin(self, deadline: Deadline) -> "OpenTransaction":
        """Begins a transaction; one whose beginning was not answered ends by itself, and held nothing."""

        def send() -> str:
            answer: str = self._client.begin_transaction(**self._target)["transactionId"]
            return answer

        return OpenTransaction(self, self._repeated(send, Kind.READ, deadline))

    def _rows(self, request: dict[str, Any], kind: Kind, deadline: Deadline, collisions: int = 0) -> Rows:
        def send() -> Rows:
            answer = self._client.execute_statement(**request)
            return Rows(answer["rows"], answer["updated"])

        return self._repeated(send, kind, deadline, collisions)

    def _repeated(self, send: Callable[[], T], kind: Kind, deadline: Deadline, collisions: int = 0) -> T:
        """Sends a request until it is answered, or fails for good.

        The error's outcome speaks of all attempts: where one may have made its change, a later one's refusal does not
        say that it has not.
        """
        attempts: dict[retries.Backoff, int] = {}
        error: OperationError | None = None
        in_doubt = False
        while True:
            seconds = deadline.seconds()
            if seconds <= 0:
                error = error or errors.StatementTimeout("the function had no time left to ask the database")
                break
            try:
                return self._send(send, seconds, kind)
            except (ClientError, BotoCoreError, ResponseParserError) as failure:
                error, fault = _classified(failure)
            in_doubt = in_doubt or fault.outcome is Outcome.UNKNOWN
            if not retries.may_repeat(fault, kind):
                break
            backoff = retries.backoff_of(error, collisions)
            attempts[backoff] = attempt = attempts.get(backoff, 0) + 1
            pause = backoff.seconds(attempt)
            if attempt >= backoff.attempts or pause >= deadline.seconds():
                break
            time.sleep(pause)
        if kind is Kind.READ:
            error.outcome = Outcome.NOT_EXECUTED
        elif in_doubt:
            error.outcome = Outcome.UNKNOWN
        raise error

    def _send(self, send: Callable[[], T], seconds: float, kind: Kind) -> T:
        if kind is not Kind.READ and time.monotonic() - self._last_used > _IDLE_SECONDS:
            self._client.close()  # drops the idle connections; the next request opens one
        sdk.read_timeout.set(min(seconds, sdk.READ_TIMEOUT_SECONDS))
        sdk.request_sent.set(True)  # as far as anybody can tell, until the connection says otherwise
        sdk.connect_timeout.set(min(seconds, sdk.CONNECT_TIMEOUT_SECONDS))
        answer = send()
        self._last_used = time.monotonic()
        return answer


class OpenTransaction:
    """A transaction of the Data API. Nothing of it remains unless `commit` was sent."""

    def __init__(self, data_api: DataApi, transaction_id: str) -> None:
        self._api = data_api
        self._id = transaction_id

    def execute(self, sql: str, arguments: Arguments, deadline: Deadline) -> Rows:
        request = {**self._api._target, "transactionId": self._id, "sql": sql, "parameters": parameters(arguments)}
        return self._api._rows(request, Kind.STEP, deadline)

    def execute_batch(self, sql: str, sets: Sequence[list[dict[str, Any]]], deadline: Deadline) -> None:
        """Runs a statement once for each set of `parameters`."""
        request = {**self._api._target, "transactionId": self._id, "sql": sql, "parameterSets": sets}
        self._api._repeated(lambda: self._api._client.batch_execute_statement(**request), Kind.STEP, deadline)

    def commit(self, deadline: Deadline) -> None:
        """Commits. An error whose outcome is unknown may yet be settled by `roll_back`."""
        request = {**self._api._cluster, "transactionId": self._id}
        self._api._repeated(lambda: self._api._client.commit_transaction(**request), Kind.STEP, deadline)

    def roll_back(self, deadline: Deadline) -> bool:
        """Rolls back, if the transaction is still open; False says that it had ended before. Raises what hinders it."""
        request = {**self._api._cluster, "transactionId": self._id}
        try:
            self._api._repeated(lambda: self._api._client.rollback_transaction(**request), Kind.STEP, deadline)
        except OperationError as error:
            if error.cause in ("TransactionNotFoundException", "NotFoundException"):
                return False
            raise
        return True


def parameters(arguments: Arguments) -> list[dict[str, Any]]:
    """The values as the service takes them."""
    return [
        {"name": name, "value": {"isNull": True} if text is None else {"stringValue": text}} for name, text in arguments
    ]


def _classified(failure: ClientError | BotoCoreError | ResponseParserError) -> tuple[OperationError, Fault]:
    """The error for a failed request, and what it says of the change."""
    if isinstance(failure, ClientError):
        code = failure.response["Error"].get("Code", "")
        message = failure.response["Error"].get("Message", "")
        if code == "DatabaseErrorException":
            said = DatabaseMessage.parse(message)
            error, fault = operation_error(said), retries.postgresql_fault(said.sqlstate, fatal=said.fatal)
        else:
            status = failure.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
            fault = retries.service_fault(code, message, status)
            error = fault.error(fault.detail)
        error.cause = code
    else:
        fault = NETWORK[_network_failure(failure)]
        error = fault.error(fault.detail)
        error.cause = type(failure).__name__
    error.outcome, error.passing = fault.outcome, fault.passing
    return error, fault


def _network_failure(failure: BotoCoreError | ResponseParserError) -> str:
    """Which entry of retries.NETWORK a failure is."""
    if isinstance(failure, EndpointConnectionError | ConnectTimeoutError | ProxyConnectionError):
        return "no connection came about"
    if isinstance(failure, ReadTimeoutError):
        return "read timeout"
    if isinstance(failure, ResponseParserError):
        return "an answer that cannot be read"
    if isinstance(failure, HTTPClientError):
        # A server runs nothing of a request whose body it has only a part of.
        return f"reset {'after' if sdk.request_sent.get() else 'before'} the request was sent"
    return "not set up"
