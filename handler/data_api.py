"""Sends statements to Aurora through the RDS Data API, within the time that is left, and never twice by accident.

A read is repeated on every passing failure. A write is repeated only when it is certain that it did not run: the
database was still waking up, AWS refused the call, PostgreSQL rolled it back, or no connection came about. Where that
is not certain, the failure of a write is OutcomeUnknown. Knows nothing of operations.
"""

import random
import time
from collections.abc import Sequence
from typing import Any, NamedTuple

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

from handler import errors, sdk
from handler.database_errors import DatabaseMessage, operation_error
from handler.deadline import Deadline
from handler.errors import OperationError
from handler.sdk import StatementClient
from handler.settings import Settings

# A server closes connections that idle for long, and while the process is frozen it does not learn of it. A request on
# a dead connection fails in a way that looks as if it might have run, so a write is given a new connection instead.
_IDLE_SECONDS = 15.0


class Rows(NamedTuple):
    texts: list[str]
    """The one column of each row, JSON."""
    updated: int
    """The rows that a write changed, if it answers no rows."""


class _Backoff(NamedTuple):
    first: float
    longest: float
    attempts: int

    def seconds(self, attempt: int) -> float:
        """Full jitter: anything up to a bound that doubles with each attempt."""
        bound = min(self.longest, self.first * 2 ** (attempt - 1))
        return random.uniform(0, bound)  # noqa: S311 (not a secret)


_BACKOFF = _Backoff(first=0.05, longest=2.0, attempts=4)
# Aurora wakes up in 10 to 30 seconds; a wait of at most five each, so that the call goes on soon after.
_WAKING_BACKOFF = _Backoff(first=1.0, longest=5.0, attempts=30)


class _Failure(NamedTuple):
    error: OperationError
    did_not_run: bool
    """It is certain that the statement changed nothing."""
    passing: bool
    """The same statement may succeed in a moment."""


class DataApi:
    def __init__(self, settings: Settings, client: StatementClient) -> None:
        self._client = client
        self._target: dict[str, str] = {"resourceArn": settings.resource_arn, "secretArn": settings.secret_arn}
        if settings.database is not None:
            self._target["database"] = settings.database
        self._last_used = time.monotonic()

    def execute(
        self, sql: str, arguments: Sequence[tuple[str, str | None]], *, read_only: bool, deadline: Deadline
    ) -> Rows:
        """Runs one statement on its own; a None is NULL. Raises one of handler.errors."""
        parameters = [
            {"name": name, "value": {"isNull": True} if text is None else {"stringValue": text}}
            for name, text in arguments
        ]
        attempt = 1
        while True:
            seconds = deadline.seconds()
            if seconds <= 0:
                raise errors.StatementTimeout("the function had no time left to ask the database")
            try:
                return self._send(sql, parameters, seconds, read_only=read_only)
            except (ClientError, BotoCoreError, ResponseParserError) as error:
                failure = _failure(error)
            if not failure.passing or not (read_only or failure.did_not_run):
                break
            backoff = _WAKING_BACKOFF if isinstance(failure.error, errors.DatabaseResuming) else _BACKOFF
            pause = backoff.seconds(attempt)
            if attempt >= backoff.attempts or pause >= deadline.seconds():
                break
            time.sleep(pause)
            attempt += 1
        if read_only or failure.did_not_run:
            raise failure.error
        raise errors.OutcomeUnknown(
            f"{failure.error.detail}, and nobody knows whether the change was made: look before you call again",
            sqlstate=failure.error.sqlstate,
            cause=failure.error.cause,
        )

    def _send(self, sql: str, parameters: list[Any], seconds: float, *, read_only: bool) -> Rows:
        if not read_only and time.monotonic() - self._last_used > _IDLE_SECONDS:
            self._client.close()  # drops the idle connections; the next request opens one
        sdk.read_timeout.set(min(seconds, sdk.READ_TIMEOUT_SECONDS))
        answer = self._client.execute_statement(**self._target, sql=sql, parameters=parameters)
        self._last_used = time.monotonic()
        return Rows(answer["rows"], answer["updated"])


def _failure(error: ClientError | BotoCoreError | ResponseParserError) -> _Failure:
    failure = _refusal(error) if isinstance(error, ClientError) else _broken_call(error)
    if failure.error.cause is None:
        failure.error.cause = type(error).__name__
    return failure


def _broken_call(error: BotoCoreError | ResponseParserError) -> _Failure:
    """No answer came, or none that can be read."""
    if isinstance(error, EndpointConnectionError | ConnectTimeoutError | ProxyConnectionError):
        return _Failure(
            errors.DatabaseUnavailable("the RDS Data API cannot be reached"), did_not_run=True, passing=True
        )
    if isinstance(error, ReadTimeoutError):
        timeout = errors.StatementTimeout("the database did not answer in the time that the function had")
        return _Failure(timeout, did_not_run=False, passing=False)
    if isinstance(error, HTTPClientError | ResponseParserError):
        return _Failure(
            errors.DatabaseUnavailable("the connection to the RDS Data API broke"), did_not_run=False, passing=True
        )
    # What is left comes before sending: no credentials, no region, and so on.
    misconfigured = errors.QueryFailed("the function is not set up to reach the database; its log names the cause")
    return _Failure(misconfigured, did_not_run=True, passing=False)


def _refusal(error: ClientError) -> _Failure:
    """AWS answered with an error."""
    code = error.response["Error"].get("Code", "")
    message = error.response["Error"].get("Message", "")
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code == "DatabaseErrorException":
        failure = _refusal_of_postgresql(DatabaseMessage.parse(message))
    elif code == "DatabaseResumingException":
        waking = errors.DatabaseResuming("the database was paused and is waking up")
        failure = _Failure(waking, did_not_run=True, passing=True)
    elif status == 429 or code in _THROTTLES:
        throttled = errors.Throttled("the RDS Data API takes no further call at present")
        failure = _Failure(throttled, did_not_run=True, passing=True)
    elif status >= 500:
        failure = _Failure(errors.DatabaseUnavailable("the RDS Data API failed"), did_not_run=False, passing=True)
    else:
        # The rows of a change come after the change: where they cannot be passed on, it may have been made.
        failure = _Failure(
            _final(code, message, status), did_not_run=code != "UnsupportedResultException", passing=False
        )
    failure.error.cause = code
    return failure


def _refusal_of_postgresql(message: DatabaseMessage) -> _Failure:
    error = operation_error(message)
    sqlstate = message.sqlstate or ""
    if isinstance(error, errors.DatabaseUnavailable):
        return _Failure(error, did_not_run=sqlstate.startswith(_NEVER_STARTED), passing=True)
    return _Failure(error, did_not_run=True, passing=isinstance(error, errors.SerializationFailure))


def _final(code: str, message: str, status: int) -> OperationError:
    if code == "StatementTimeoutException":
        return errors.StatementTimeout("PostgreSQL cancelled the statement, which took too long")
    if code == "UnsupportedResultException" and "size limit" in message:
        return errors.ResultTooLarge("the answer is larger than the 1 MB that the RDS Data API passes")
    if status == 413:
        return errors.RequestTooLarge("the parameters are larger than the 4 MiB that the RDS Data API takes")
    return errors.QueryFailed("the RDS Data API refused the statement; the function's log names the cause")


_THROTTLES = frozenset({"ThrottlingException", "Throttling", "TooManyRequestsException", "RequestLimitExceeded"})

# SQLSTATEs with which a statement is refused before it starts, or certainly rolled back: no connection (08001, 08004),
# a wrong password, as while a secret is rotated (28), too few resources (53), a server that is starting up (57P03).
_NEVER_STARTED = ("08001", "08004", "28", "53", "57P03")
