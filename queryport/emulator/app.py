"""The emulator's HTTP face: a route for each operation of the service model, and AWS's answers for everything else.

Reads the body, hands it to the service, writes what comes back. It decides nothing about SQL.
"""

import secrets
import uuid
from collections.abc import Iterable

import orjson
from starlette.routing import Route, Router
from starlette.types import Receive, Scope, Send

from queryport.emulator.errors import ApiError
from queryport.emulator.service import Service

PATHS = {
    "/Execute": "ExecuteStatement",
    "/BatchExecute": "BatchExecuteStatement",
    "/BeginTransaction": "BeginTransaction",
    "/CommitTransaction": "CommitTransaction",
    "/RollbackTransaction": "RollbackTransaction",
}


def application(service: Service) -> Router:
    routes = [Route(path, Operation(service, name), methods=["POST"]) for path, name in PATHS.items()]
    return Router(routes, default=_unknown_operation, redirect_slashes=False)


class Operation:
    """The route of one operation."""

    def __init__(self, service: Service, name: str) -> None:
        self._service = service
        self._name = name

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            body = await _body(scope["headers"], receive, self._service.limits.request_bytes)
            answer = orjson.dumps(await self._service.answer(self._name, body))
        except ApiError as error:
            await _send_error(send, error)
        else:
            await _send(send, 200, answer)


async def _body(headers: Iterable[tuple[bytes, bytes]], receive: Receive, limit: int) -> bytes:
    """Raises ApiError for a request, headers included, that is over the limit."""
    size = sum(len(name) + len(value) for name, value in headers)
    portions: list[bytes] = []
    while True:
        message = await receive()
        portions.append(message.get("body", b""))
        size += len(portions[-1])
        if not message.get("more_body"):
            break
    if size > limit:
        raise ApiError("RequestEntityTooLargeException")
    return b"".join(portions)


async def _unknown_operation(scope: Scope, receive: Receive, send: Send) -> None:
    del scope, receive
    await _send_error(send, ApiError("UnknownOperationException"))


async def _send_error(send: Send, error: ApiError) -> None:
    await _send(send, error.status, error.body, (b"x-amzn-ErrorType", error.error_type.encode()))


async def _send(send: Send, status: int, body: bytes, *headers: tuple[bytes, bytes]) -> None:
    request_id = str(uuid.UUID(bytes=secrets.token_bytes(16), version=4))
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [
                (b"x-amzn-RequestId", request_id.encode()),
                (b"content-type", b"application/json"),
                (b"content-length", b"%d" % len(body)),
                *headers,
            ],
        }
    )
    await send({"type": "http.response.body", "body": body})
