"""The emulator's ASGI application: a route for each operation, and AWS's answers for everything else.

Web pages come here, and what is not an operation's plain request; see queryport.emulator.http.protocol for those.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from starlette.routing import BaseRoute, Route, Router
from starlette.types import Receive, Scope, Send

from queryport.emulator.calls.served import ConnectionDropped
from queryport.emulator.errors import ApiError
from queryport.emulator.http.operations import OperationReply, ServedOperation, refusal
from queryport.emulator.http.protocol import CYCLE

if TYPE_CHECKING:
    from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

_EXECUTE_SQL = ApiError(
    "BadRequestException", "This API is deprecated and not available. Use ExecuteStatement API instead"
)
"""The operation that came before ExecuteStatement."""


class EmulatorApplication:
    """The ASGI application: the five operations are found by their path alone, the rest by a router."""

    def __init__(self, operations: Mapping[str, ServedOperation], control: Sequence[BaseRoute]) -> None:
        self._operations = operations
        self._router = Router(
            [Route("/ExecuteSql", _Refused(_EXECUTE_SQL), methods=["POST"]), *control],
            default=_Refused(ApiError("UnknownOperationException")),
            redirect_slashes=False,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        operation = self._operations.get(scope["path"])
        if operation is not None and scope["method"] == "POST":
            await _operate(operation, scope, receive, send)
        else:
            await self._router(scope, receive, send)


async def _operate(operation: ServedOperation, scope: Scope, receive: Receive, send: Send) -> None:
    try:
        body = await _body(receive, operation.request_bytes)
        reply = await operation.reply(dict(scope["headers"]), scope["query_string"], body)
    except ConnectionDropped:
        cycle: RequestResponseCycle = scope["extensions"][CYCLE]["cycle"]
        cycle.disconnected = True  # which the server notices of the last request of a connection alone
        cycle.transport.abort()
    else:
        await _send(send, reply)


async def _body(receive: Receive, limit: int) -> bytearray:
    """Read a body; of one that is longer than `limit` bytes not all. Raises ConnectionDropped if it breaks off."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":  # before the request was whole
            raise ConnectionDropped
        if len(body) <= limit:
            body += message.get("body", b"")
        if not message.get("more_body"):
            return body


class _Refused:
    """A route that answers every request with one error."""

    def __init__(self, error: ApiError) -> None:
        self._error = error

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        del scope, receive
        await _send(send, refusal(self._error))


async def _send(send: Send, reply: OperationReply) -> None:
    await send({"type": "http.response.start", "status": reply.status, "headers": reply.headers})
    await send({"type": "http.response.body", "body": reply.body})
