"""Sends statements to Aurora through the RDS Data API, within the time that is left, and never twice by accident.

Turns what AWS, PostgreSQL and the network answer into a Failure, and sends again what handler.data_api.retries says may
be sent again. Knows nothing of operations.
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

from handler.contract.database_message import DatabaseMessage
from handler.contract.errors import Outcome
from handler.data_api import retries, sdk
from handler.data_api.database_errors import failure_of
from handler.data_api.deadline import Deadline
from handler.data_api.failures import Failed, Failure
from handler.data_api.retries import NETWORK, NO_TIME, Replay
from handler.data_api.sdk import StatementClient
from handler.settings import Settings

# A server closes connections that idle for long, and while the process is frozen it does not learn of it. A request on
# a dead connection fails in a way that looks as if it might have run, so a write is given a new connection instead.
_IDLE_SECONDS = 15.0

Arguments = Sequence[tuple[str, str | None]]
"""The placeholders of a statement and their values as text; None is NULL."""

T = TypeVar("T")


class Rows(NamedTuple):
    json_rows: list[str]
    """The one column of each row, JSON."""
    updated: int = 0
    """The rows that a write changed, if it answers no rows."""


class DataApi:
    def __init__(self, settings: Settings, client: StatementClient) -> None:
        self._client = client
        self._cluster: dict[str, Any] = {"resourceArn": settings.resource_arn, "secretArn": settings.secret_arn}
        self._database = self._cluster if settings.database is None else self._cluster | {"database": settings.database}
        self._last_used = time.monotonic()

    def execute(
        self, sql: str, arguments: Arguments, *, replay: Replay, deadline: Deadline, collisions: int = 3
    ) -> Rows:
        """Run one statement on its own. Raises Failed."""
        request = {**self._database, "sql": sql, "parameters": encode_parameters(arguments)}
        return self._rows(request, replay, deadline, collisions)

    def begin(self, deadline: Deadline) -> "OpenTransaction":
        """Begin a transaction; one whose beginning was not answered ends by itself, and held nothing. Raises Failed."""

        def send() -> str:
            answer: str = self._client.begin_transaction(**self._database)["transactionId"]
            return answer

        return OpenTransaction(self, self._repeated(send, Replay.READ, deadline))

    def _rows(self, request: dict[str, Any], replay: Replay, deadline: Deadline, collisions: int = 0) -> Rows:
        def send() -> Rows:
            answer = self._client.execute_statement(**request)
            return Rows(answer["rows"], answer["updated"])

        return self._repeated(send, replay, deadline, collisions)

    def _repeated(self, send: Callable[[], T], replay: Replay, deadline: Deadline, collisions: int = 0) -> T:
        """Send a request until it is answered, or fails for good.

        The failure's outcome speaks of all attempts: where one may have made its change, a later one's refusal does not
        say that it has not.
        """
        in_doubt = False

        def attempt() -> T:
            nonlocal in_doubt
            try:
                return self._send(send, replay, deadline)
            except Failed as failed:
                in_doubt = in_doubt or failed.failure.outcome is Outcome.UNKNOWN
                raise

        try:
            return retries.repeated(attempt, lambda failure: retries.may_repeat(failure, replay), collisions, deadline)
        except Failed as failed:
            if replay is Replay.READ:
                raise Failed(failed.failure._replace(outcome=Outcome.NOT_EXECUTED)) from None
            if in_doubt:
                raise Failed(failed.failure._replace(outcome=Outcome.UNKNOWN)) from None
            raise

    def _send(self, send: Callable[[], T], replay: Replay, deadline: Deadline) -> T:
        seconds = deadline.seconds()
        if seconds <= 0:
            raise Failed(NO_TIME)
        if replay is not Replay.READ and time.monotonic() - self._last_used > _IDLE_SECONDS:
            self._client.close()  # drops the idle connections; the next request opens one
        sdk.read_timeout.set(min(seconds, sdk.READ_TIMEOUT_SECONDS))
        sdk.request_sent.set(True)  # as far as anybody can tell, until the connection says otherwise
        sdk.connect_timeout.set(min(seconds, sdk.CONNECT_TIMEOUT_SECONDS))
        try:
            answer = send()
        except (ClientError, BotoCoreError, ResponseParserError) as error:
            raise Failed(_failure(error)) from None
        self._last_used = time.monotonic()
        return answer


class OpenTransaction:
    """A transaction of the Data API. Nothing of it remains unless `commit` was sent."""

    def __init__(self, data_api: DataApi, transaction_id: str) -> None:
        self._api = data_api
        self._id = transaction_id

    def execute(self, sql: str, arguments: Arguments, deadline: Deadline) -> Rows:
        """Run one statement. Raises Failed."""
        parameters = encode_parameters(arguments)
        request = {**self._api._database, "transactionId": self._id, "sql": sql, "parameters": parameters}
        return self._api._rows(request, Replay.STEP, deadline)

    def execute_batch(self, sql: str, sets: Sequence[list[dict[str, Any]]], deadline: Deadline) -> None:
        """Run a statement once for each set of encoded parameters. Raises Failed."""
        request = {**self._api._database, "transactionId": self._id, "sql": sql, "parameterSets": sets}
        self._api._repeated(lambda: self._api._client.batch_execute_statement(**request), Replay.STEP, deadline)

    def commit(self, deadline: Deadline) -> None:
        """Commit. Raises Failed; one whose outcome is unknown may yet be settled by `roll_back`."""
        request = {**self._api._cluster, "transactionId": self._id}
        self._api._repeated(lambda: self._api._client.commit_transaction(**request), Replay.STEP, deadline)

    def roll_back(self, deadline: Deadline) -> bool:
        """Roll back, if the transaction is still open; False says that it had ended before. Raises Failed."""
        request = {**self._api._cluster, "transactionId": self._id}
        try:
            self._api._repeated(lambda: self._api._client.rollback_transaction(**request), Replay.STEP, deadline)
        except Failed as failed:
            if failed.failure.cause in ("TransactionNotFoundException", "NotFoundException"):
                return False
            raise
        return True


def encode_parameters(arguments: Arguments) -> list[dict[str, Any]]:
    """The values as the service takes them."""
    return [
        {"name": name, "value": {"isNull": True} if text is None else {"stringValue": text}} for name, text in arguments
    ]


def _failure(error: ClientError | BotoCoreError | ResponseParserError) -> Failure:
    if not isinstance(error, ClientError):
        return NETWORK[_network_failure(error)]._replace(cause=type(error).__name__)
    code = error.response["Error"].get("Code", "")
    message = error.response["Error"].get("Message", "")
    if code == "DatabaseErrorException":
        failure = failure_of(DatabaseMessage.parse(message))
    else:
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        failure = retries.service_failure(code, message, status)
    return failure._replace(cause=code)


def _network_failure(error: BotoCoreError | ResponseParserError) -> str:
    """Which entry of retries.NETWORK a failure is."""
    if isinstance(error, EndpointConnectionError | ConnectTimeoutError | ProxyConnectionError):
        return "no connection came about"
    if isinstance(error, ReadTimeoutError):
        return "read timeout"
    if isinstance(error, ResponseParserError):
        return "an answer that cannot be read"
    if isinstance(error, HTTPClientError):
        # A server runs nothing of a request whose body it has only a part of.
        return f"reset {'after' if sdk.request_sent.get() else 'before'} the request was sent"
    return "not set up"
