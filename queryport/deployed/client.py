"""A deployed database as the tool reaches it: through the RDS Data API, with boto3, and so without access to its VPC.

A sleeping database is waited for. A call is repeated only where it certainly did not run, since what is sent here
changes schemas: what became of any other call, its caller has to find out. Knows nothing of migrations and operations.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Self

import boto3  # type: ignore[import-untyped]  # its stubs are a package of their own
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, ConnectTimeoutError, EndpointConnectionError

from handler.contract.database_message import DatabaseMessage
from handler.contract.limits import STATEMENT_SECONDS
from queryport.console.failure import Failure
from queryport.migrations.runner import Announce, silent

_WAKING_SECONDS = 180.0
_POLL_SECONDS = 2.0
_THROTTLES = frozenset({"ThrottlingException", "Throttling", "TooManyRequestsException", "RequestLimitExceeded"})

Row = list[Any]


class DeployedError(Failure):
    """The deployed database cannot be reached or used; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where the database is, as the RDS Data API wants to hear it."""

    resource_arn: str
    secret_arn: str
    database: str | None = None
    """Without it the Data API takes the database that is named like the secret's user."""


class Refused(Exception):  # noqa: N818 (it is for callers to make a Failure of, who know the statement's place)
    """PostgreSQL refused a statement; `position` counts characters from 0, where PostgreSQL told it."""

    def __init__(self, message: str, sqlstate: str, hint: str | None = None, position: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.sqlstate = sqlstate
        self.hint = hint
        self.position = position

    @classmethod
    def parse(cls, message: str) -> Self:
        said = DatabaseMessage.parse(message)
        return cls(said.text, said.sqlstate or "XX000", said.hint, said.position and said.position - 1)


class StillRunning(Exception):  # noqa: N818 (not an error yet)
    """The statement outlived the time of a call, and goes on."""


class Deployed:
    """A database behind the RDS Data API. All methods raise DeployedError, and Refused where PostgreSQL says no."""

    def __init__(
        self, target: Target, announce: Announce = silent, *, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._target = {"resourceArn": target.resource_arn, "secretArn": target.secret_arn}
        self._database = {"database": target.database} if target.database else {}
        self._announce = announce
        self._sleep = sleep
        try:
            self._client = boto3.client(
                "rds-data",
                config=Config(
                    retries={"mode": "standard", "total_max_attempts": 1},  # a statement never runs twice unasked
                    read_timeout=STATEMENT_SECONDS + 15,
                    connect_timeout=10,
                    user_agent_extra="queryport-tool",
                ),
            )
        except BotoCoreError as error:
            raise DeployedError(f"the AWS SDK is not set up: {error}") from None

    def query(
        self, sql: str, arguments: Mapping[str, str | None] | None = None, transaction: str | None = None
    ) -> list[Row]:
        """Runs a statement within the time of one call and answers its rows. Each argument is sent as text."""
        try:
            return self._execute(sql, arguments or {}, transaction, go_on=False)
        except StillRunning:
            raise DeployedError(f"the database took longer than {STATEMENT_SECONDS} s for a small question") from None

    def run(self, sql: str, transaction: str | None = None) -> None:
        """Runs a statement that may take long. Raises StillRunning where it takes longer than a call may."""
        self._execute(sql, {}, transaction, go_on=True)

    def await_transaction(self, transaction: str, meanwhile: Callable[[], None]) -> None:
        """Waits until the transaction's statement has come to its end. Raises Refused (25P02) where it failed."""
        while True:
            self._sleep(_POLL_SECONDS)
            meanwhile()
            try:
                self.query("SELECT 1", transaction=transaction)
            except Refused as refused:
                if "still running" not in refused.message:
                    raise
            else:
                return

    def await_statement(self, token: str, meanwhile: Callable[[], None]) -> None:
        """Waits until no session runs a statement whose text holds the token."""
        running = """
            SELECT count(*) FROM pg_stat_activity
            WHERE state = 'active' AND pid <> pg_backend_pid() AND strpos(query, :token::text) > 0
        """
        while True:
            self._sleep(_POLL_SECONDS)
            meanwhile()
            if self.query(running, {"token": token}) == [[0]]:
                return

    @contextmanager
    def transaction(self) -> Iterator[str]:
        """A transaction, as its id: committed at the end of the with block, or rolled back by an error."""
        transaction = self.begin()
        try:
            yield transaction
        except BaseException:
            with suppress(DeployedError, Refused):  # gone already: the service rolls back what is left alone
                self.roll_back(transaction)
            raise
        self._send("commit_transaction", {"transactionId": transaction})

    def begin(self) -> str:
        return str(self._send("begin_transaction", self._database)["transactionId"])

    def roll_back(self, transaction: str) -> None:
        self._send("rollback_transaction", {"transactionId": transaction})

    def _execute(
        self, sql: str, arguments: Mapping[str, str | None], transaction: str | None, *, go_on: bool
    ) -> list[Row]:
        request: dict[str, Any] = {
            **self._database,
            "sql": sql,
            "continueAfterTimeout": go_on,
            "parameters": [
                {"name": name, "value": {"isNull": True} if text is None else {"stringValue": text}}
                for name, text in arguments.items()
            ],
        }
        if transaction is not None:
            request["transactionId"] = transaction
        answer = self._send("execute_statement", request)
        return [[_value(field) for field in row] for row in answer.get("records", ())]

    def _send(self, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        """Sends a request, again and again while it certainly did not run."""
        give_up = time.monotonic() + _WAKING_SECONDS
        call = getattr(self._client, operation)
        try:
            return _parsed(call(**self._target, **request))
        except (ClientError, BotoCoreError) as error:
            reason = _passing(error)
            if reason is None:
                raise _failure(error) from None
        with self._announce(reason):
            while True:
                self._sleep(_POLL_SECONDS)
                try:
                    return _parsed(call(**self._target, **request))
                except (ClientError, BotoCoreError) as error:
                    if _passing(error) is None or time.monotonic() > give_up:
                        raise _failure(error) from None


def _parsed(answer: Any) -> dict[str, Any]:
    return dict(answer)


def _passing(error: ClientError | BotoCoreError) -> str | None:
    """What to wait for, where the call did not run and may be sent again."""
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
        return DeployedError(f"the call to the RDS Data API failed, and may have run: {error}")
    code, message = _code(error), error.response["Error"].get("Message", "")
    if code == "DatabaseErrorException":
        return Refused.parse(message)
    if code == "StatementTimeoutException":
        return StillRunning(message)
    return DeployedError(f"the RDS Data API answers {code}: {message or 'without a message'}")


def _code(error: ClientError) -> str:
    return str(error.response["Error"].get("Code", ""))


def _value(field: Mapping[str, Any]) -> Any:
    return None if field.get("isNull") else next(iter(field.values()))
