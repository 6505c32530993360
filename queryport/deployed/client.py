"""A client of the RDS Data API for the tool, over boto3: it reaches a deployed database without access to its VPC.

A sleeping database is waited for. A call is repeated only if it certainly did not run, for it may change a schema; the
fate of any other call is its caller's to find out. Knows nothing of migrations and operations.
"""

import time
from collections.abc import Callable, Mapping
from typing import Any

import boto3  # type: ignore[import-untyped]  # its stubs are a package of their own
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, ConnectTimeoutError, EndpointConnectionError

from handler.contract.database_message import DatabaseMessage
from handler.contract.limits import STATEMENT_SECONDS
from queryport.console.failure import CommandError
from queryport.console.progress import Progress, no_progress
from queryport.deployed.address import DatabaseAddress
from queryport.diagnostics.refusal import INTERNAL_ERROR, Refusal
from queryport.migrations.transport import Row

_WAKING_SECONDS = 180.0
_POLL_SECONDS = 2.0
_THROTTLES = frozenset({"ThrottlingException", "Throttling", "TooManyRequestsException", "RequestLimitExceeded"})
_GONE = frozenset({"TransactionNotFoundException", "NotFoundException"})


class DeployedError(CommandError):
    """The deployed database cannot be reached or used; the message says why and what to do."""


class CallLostError(DeployedError):
    """A call was sent and not answered: it may have run."""


class StillRunning(Exception):  # noqa: N818 (not an error yet)
    """The statement outlived the time of a call, and goes on."""


class DeployedClient:
    """A client of the RDS Data API. Raises DeployedError, and Refusal where PostgreSQL says no."""

    def __init__(
        self,
        address: DatabaseAddress,
        progress: Progress = no_progress,
        *,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._address = {"resourceArn": address.resource_arn, "secretArn": address.secret_arn}
        self._database = {"database": address.database} if address.database else {}
        self._progress = progress
        self._sleep = sleep
        try:
            self._client = boto3.client(
                "rds-data",
                # A cluster is reached in its own region only, whatever the environment says for other things.
                region_name=address.region,
                config=Config(
                    retries={"mode": "standard", "total_max_attempts": 1},  # a statement never runs twice unasked
                    read_timeout=STATEMENT_SECONDS + 15,
                    connect_timeout=10,
                    user_agent_extra="queryport-tool",
                ),
            )
        except BotoCoreError as error:
            raise DeployedError(f"the AWS SDK is not set up: {error}") from None

    def query(self, sql: str, values: Mapping[str, str] | None = None, transaction: str | None = None) -> list[Row]:
        """Run a statement within the time of one call and return its rows. Each value is sent as text."""
        try:
            return self._execute(sql, values or {}, transaction, go_on=False)
        except StillRunning:
            raise DeployedError(
                f"the database took longer than {STATEMENT_SECONDS} s for a small question: it is overloaded, or "
                "another session holds a lock on the tables of the schema queryport"
            ) from None

    def run(self, sql: str, values: Mapping[str, str] | None = None, transaction: str | None = None) -> None:
        """Run a statement that may take long. Raises StillRunning where it takes longer than a call may."""
        self._execute(sql, values or {}, transaction, go_on=True)

    def begin(self) -> str:
        """Begin a transaction and return its id."""
        return str(self._send("begin_transaction", self._database)["transactionId"])

    def commit(self, transaction: str) -> None:
        self._send("commit_transaction", {"transactionId": transaction})

    def roll_back(self, transaction: str) -> None:
        """Roll back; also fine where the transaction is gone already. Raises Refusal while its statement runs."""
        self._send("rollback_transaction", {"transactionId": transaction}, fine=_GONE)

    def _execute(self, sql: str, values: Mapping[str, str], transaction: str | None, *, go_on: bool) -> list[Row]:
        request: dict[str, Any] = {
            **self._database,
            "sql": sql,
            "continueAfterTimeout": go_on,
            "parameters": [{"name": name, "value": {"stringValue": text}} for name, text in values.items()],
        }
        if transaction is not None:
            request["transactionId"] = transaction
        answer = self._send("execute_statement", request)
        return [[_value(field) for field in row] for row in answer.get("records", ())]

    def _send(
        self, operation: str, request: Mapping[str, Any], *, fine: frozenset[str] = frozenset()
    ) -> dict[str, Any]:
        """Send a request, again and again while it certainly did not run; an error code that is `fine` is an answer."""
        call = getattr(self._client, operation)

        def send() -> dict[str, Any] | str:
            """The answer, or the sentence that says what to wait for."""
            try:
                return dict(call(**self._address, **request))
            except (ClientError, BotoCoreError) as error:
                if isinstance(error, ClientError) and _code(error) in fine:
                    return {}
                reason = _worth_waiting(error)
                if reason is None or time.monotonic() > give_up:
                    raise _failure(error) from None
                return reason

        give_up = time.monotonic() + _WAKING_SECONDS
        answer = send()
        if isinstance(answer, str):
            with self._progress(answer):
                while isinstance(answer, str):
                    self._sleep(_POLL_SECONDS)
                    answer = send()
        return answer


def still_running(refusal: Refusal) -> bool:
    """Return whether the service refused a call because the transaction's statement has not come to its end."""
    return refusal.sqlstate == INTERNAL_ERROR and "still running" in refusal.message


def _worth_waiting(error: ClientError | BotoCoreError) -> str | None:
    """The reason to wait for, if the call did not run and may be sent again."""
    if isinstance(error, ClientError):
        code = _code(error)
        if code == "DatabaseResumingException":
            return "Waiting for the database to wake up"
        return "Waiting for the RDS Data API to take further calls" if code in _THROTTLES else None
    return "Waiting for the RDS Data API" if isinstance(error, ConnectTimeoutError) else None


def _failure(error: ClientError | BotoCoreError) -> Exception:
    if isinstance(error, EndpointConnectionError):
        return DeployedError(f"the RDS Data API cannot be reached: {error}")
    if isinstance(error, BotoCoreError):
        return CallLostError(f"the call to the RDS Data API failed, and may have run: {error}")
    code, message = _code(error), error.response["Error"].get("Message", "")
    if code == "DatabaseErrorException":
        said = DatabaseMessage.parse(message)
        position = None if said.position is None else said.position - 1
        return Refusal(said.text, said.sqlstate or INTERNAL_ERROR, hint=said.hint, position=position)
    if code == "StatementTimeoutException":
        return StillRunning(message)
    return DeployedError(f"the RDS Data API answers {code}: {message or 'without a message'}")


def _code(error: ClientError) -> str:
    return str(error.response["Error"].get("Code", ""))


def _value(field: Mapping[str, Any]) -> Any:
    return None if field.get("isNull") else next(iter(field.values()))
