"""The Data API's five requests as they go over the wire: REST-JSON, signed by botocore's SigV4.

Each request is sent once. Whether one is sent again, and what a failure says of a change, is not known here.
"""

import os
import socket
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, NamedTuple, TypeVar, cast
from urllib.parse import quote
from uuid import uuid4

import orjson
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import BotoCoreError, ClientError, ConnectionError, HTTPClientError, NoCredentialsError  # noqa: A004 (botocore's)
from botocore.utils import get_environ_proxies

from handler.data_api import credentials, endpoint
from handler.data_api.configuration import Configuration
from handler.data_api.connection import Connections, Loss, NoAnswer, Reply, Route
from handler.data_api.credentials import AccessKeys, Credentials
from handler.data_api.endpoint import SERVICE, Endpoint
from handler.data_api.user_agent import user_agent

T = TypeVar("T")


class Action(StrEnum):
    """The requests; each is the path that it is posted to."""

    EXECUTE = "/Execute"
    BATCH_EXECUTE = "/BatchExecute"
    BEGIN = "/BeginTransaction"
    COMMIT = "/CommitTransaction"
    ROLL_BACK = "/RollbackTransaction"


class Request(NamedTuple):
    """A request, which may be sent several times."""

    action: Action
    body: bytes
    invocation_id: str
    """By this AWS knows the attempts of one request from several requests."""

    @classmethod
    def of(cls, action: Action, members: Mapping[str, Any]) -> "Request":
        """Encode a request's members, named and shaped as in the service's model."""
        return cls(action, _json(members), str(uuid4()))


class ServiceError(Exception):
    """A request that the service answered with an error."""

    def __init__(self, code: str, message: str, status: int) -> None:
        super().__init__(code)
        self.code = code
        """Like DatabaseErrorException, or the HTTP status of an error without a name."""
        self.message = message
        """May quote values and SQL."""
        self.status = status


class Rows(NamedTuple):
    json_rows: list[str]
    """The first column of each row, JSON."""
    updated: int = 0
    """The rows that a write changed, if it answers no rows."""
    beside: tuple[str, ...] = ()
    """The second column of each row, JSON; empty where the statement has none."""


class Wire:
    """Sends requests to one endpoint."""

    def __init__(self, where: Endpoint, signed_by: Credentials | None, connections: Connections, sender: str) -> None:
        self._region = where.region
        self._credentials = signed_by
        self._connections = connections
        self._sender = sender
        self._urls = {action: endpoint.join(where.url, action) for action in Action}
        self._host = _signer(AccessKeys("", "", None), where.region).headers_to_sign(
            AWSRequest("POST", self._urls[Action.EXECUTE])
        )["host"]

    @classmethod
    def from_environment(cls) -> "Wire":
        """Make one for the region, the credentials and the endpoint that the environment names.

        Raises one of botocore.exceptions, and ValueError for an endpoint that is no URL.
        """
        configuration = Configuration.load()
        where = endpoint.resolve(configuration)
        options = [(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)]
        if configuration.keep_alive:
            options.append((socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1))
        route = Route(where.url, get_environ_proxies(where.url), configuration.ca_bundle, tuple(options))
        sender = user_agent(configuration.app_id)
        return cls(where, credentials.load(configuration), Connections(route), sender)

    def send(self, request: Request, *, attempt: int, connect: float, read: float) -> bytes:
        """Send a request for the `attempt`th time and return the answer's JSON; `connect` and `read` are seconds.

        Raises ServiceError and NoAnswer.
        """
        url = self._urls[request.action]
        headers = self._signed(url, request.body)
        headers["amz-sdk-invocation-id"] = request.invocation_id
        headers["amz-sdk-request"] = f"attempt={attempt}"
        headers["Content-Length"] = str(len(request.body))
        reply = self._connections.post(url, headers, request.body, connect=connect, read=read)
        if reply.status >= 300:
            raise _service_error(reply)
        return reply.body

    def close(self) -> None:
        """Close the connections that are idle; the next request opens one."""
        self._connections.close()

    def _signed(self, url: str, body: bytes) -> dict[str, str]:
        headers = {"Host": self._host, "Content-Type": "application/json", "User-Agent": self._sender}
        if (trace := os.environ.get("_X_AMZN_TRACE_ID")) and "AWS_LAMBDA_FUNCTION_NAME" in os.environ:
            # By this AWS finds functions that call each other in a circle.
            headers["X-Amzn-Trace-Id"] = quote(trace, safe="-=;:+&[]{}\"',")
        try:
            if self._credentials is None:
                raise NoCredentialsError
            signer = _signer(self._credentials.get_frozen_credentials(), self._region)
            # Of botocore's request, what is signed: making one of its own takes twice as long as signing it.
            signer.add_auth(cast("AWSRequest", _Signed("POST", url, headers, {}, body, {})))
        except (ConnectionError, HTTPClientError) as error:
            raise NoAnswer(Loss.NOT_CONNECTED, type(error).__name__) from error
        except (BotoCoreError, ClientError, RuntimeError) as error:  # RuntimeError: new credentials have expired too
            raise NoAnswer(Loss.NOT_SET_UP, type(error).__name__) from error
        return headers


def _signer(keys: AccessKeys, region: str) -> SigV4Auth:
    return SigV4Auth(keys, SERVICE, region)  # type: ignore[arg-type]  # any object that has their names will do


class _Signed(NamedTuple):
    method: str
    url: str
    headers: dict[str, str]
    params: dict[str, str]
    body: bytes
    context: dict[str, Any]


def read_rows(answer: bytes) -> Rows:
    """Read what Execute answers, straight into the JSON texts of the rows' one or two columns. Raises ValueError.

    `{"records": [[{"stringValue": "…"}], …], "numberOfRecordsUpdated": 1}`; a NULL becomes JSON's null.
    """
    try:
        members = orjson.loads(answer)
        records = members.get("records") or ()
        return Rows(
            [text if (text := record[0].get("stringValue")) is not None else _null(record[0]) for record in records],
            members.get("numberOfRecordsUpdated", 0) if records else members["numberOfRecordsUpdated"],
            tuple([record[1]["stringValue"] for record in records]) if records and len(records[0]) > 1 else (),
        )
    except (AttributeError, IndexError, KeyError, TypeError) as error:
        raise ValueError("expected what Execute answers") from error


def read_transaction_id(answer: bytes) -> str:
    """Read what BeginTransaction answers. Raises ValueError."""
    return _member(answer, "transactionId", str)


def read_updates(answer: bytes) -> None:
    """Read what BatchExecute answers, `{"updateResults": […]}`. Raises ValueError."""
    _member(answer, "updateResults", list)


def read_end(answer: bytes) -> None:
    """Read what Commit and Rollback answer, `{"transactionStatus": "Transaction Committed"}`. Raises ValueError.

    A status of 200 alone does not say that the service has done it: a proxy may have answered.
    """
    _member(answer, "transactionStatus", str)


def _member(answer: bytes, name: str, expected: type[T]) -> T:
    members = orjson.loads(answer)
    value = members.get(name) if isinstance(members, dict) else None
    if not isinstance(value, expected):
        raise ValueError(f"expected an object with {name}")
    return value


def _null(field: Mapping[str, Any]) -> str:
    if field.get("isNull"):
        return "null"
    raise TypeError("expected a text")


def _json(members: Mapping[str, Any]) -> bytes:
    try:
        return orjson.dumps(members)
    except orjson.JSONEncodeError:
        import json  # writes half a surrogate pair too, like the SDK, and leaves it to the service to say what it is

        return json.dumps(members).encode()


def _service_error(reply: Reply) -> ServiceError:
    try:
        members = orjson.loads(reply.body)
    except orjson.JSONDecodeError:
        members = None
    if not isinstance(members, dict):
        members = {}
    code = (
        reply.headers.get("x-amzn-errortype")
        or members.get("code")
        or members.get("Code")
        or members.get("__type")
        or reply.status
    )
    # As in aws.protocoltests#FooError:http://internal.amazon.com/coral/
    code = str(code).partition(":")[0].rpartition("#")[2]
    return ServiceError(code, str(members.get("message") or members.get("Message") or ""), reply.status)
