"""The emulator's HTTP face: a route for each operation of the service model, and AWS's answers for everything else.

Checks that the request is signed, reads the body, writes what comes back. It decides nothing about SQL.
"""

import random
from collections.abc import Sequence

from starlette.routing import BaseRoute, Route, Router
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from queryport.emulator.calls import ConnectionDropped, ServedCalls
from queryport.emulator.errors import ApiError
from queryport.emulator.signature import signed_region

PATHS = {
    "/Execute": "ExecuteStatement",
    "/BatchExecute": "BatchExecuteStatement",
    "/BeginTransaction": "BeginTransaction",
    "/CommitTransaction": "CommitTransaction",
    "/RollbackTransaction": "RollbackTransaction",
}

_EXECUTE_SQL = ApiError(
    "BadRequestException", "This API is deprecated and not available. Use ExecuteStatement API instead"
)
"""The operation that came before ExecuteStatement."""

_STATE = "queryport.state"
"""The extension of a scope that holds uvicorn's own state of the request, as `cycle`."""


class HttpProtocol(HttpToolsProtocol):
    """uvicorn's, which also lets a route answer in one piece, or close the connection without an answer."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._state: dict[object, object] = {}
        self.scope["extensions"] = {_STATE: self._state}

    def on_headers_complete(self) -> None:
        super().on_headers_complete()
        self._state["cycle"] = self.cycle


class EmulatorApplication:
    """The ASGI application: the five operations are found by their path alone, the rest by a router."""

    def __init__(self, calls: ServedCalls, request_bytes: int, control: Sequence[BaseRoute]) -> None:
        self._operations = {path: _OperationRoute(calls, name, request_bytes) for path, name in PATHS.items()}
        self._router = Router(
            [Route("/ExecuteSql", _Refused(_EXECUTE_SQL), methods=["POST"]), *control],
            default=_Refused(ApiError("UnknownOperationException")),
            redirect_slashes=False,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        operation = self._operations.get(scope["path"])
        if operation is not None and scope["method"] == "POST":
            await operation(scope, receive, send)
        else:
            await self._router(scope, receive, send)


class _OperationRoute:
    """The route of one operation."""

    def __init__(self, calls: ServedCalls, name: str, request_bytes: int) -> None:
        self._calls = calls
        self._name = name
        self._request_bytes = request_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers: dict[bytes, bytes] = dict(scope["headers"])
        try:
            # The limit counts the headers too.
            limit = self._request_bytes - sum(map(len, headers)) - sum(map(len, headers.values()))
            body = await _body(receive, limit)
            region = signed_region(headers, scope["query_string"])
            trace = headers.get(b"x-amzn-trace-id")
            answer = await self._calls.answer(
                self._name, body, region, None if trace is None else trace.decode("latin-1")
            )
        except ApiError as error:
            await _send(scope, send, error.status, error.body, (b"x-amzn-ErrorType", error.error_type.encode()))
        except ConnectionDropped:
            scope["extensions"][_STATE]["cycle"].transport.abort()
            await receive()  # until the server has noticed
        else:
            await _send(scope, send, 200, answer)


async def _body(receive: Receive, limit: int) -> bytes:
    """Read a body. Raises ApiError for one of more than `limit` bytes, ConnectionDropped if it breaks off."""
    size = 0
    portions: list[bytes] = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":  # before the request was whole
            raise ConnectionDropped
        portion = message.get("body", b"")
        size += len(portion)
        if size <= limit:
            portions.append(portion)
        if not message.get("more_body"):
            break
    if size > limit:
        raise ApiError("RequestEntityTooLargeException")
    return b"".join(portions)


class _Refused:
    """A route that answers every request with one error."""

    def __init__(self, error: ApiError) -> None:
        self._error = error

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        del receive
        error = self._error
        await _send(scope, send, error.status, error.body, (b"x-amzn-ErrorType", error.error_type.encode()))


def _request_id() -> bytes:
    """A random UUID, made by hand since every answer has one."""
    digits = b"%032x" % random.getrandbits(128)
    return b"%b-%b-4%b-a%b-%b" % (digits[:8], digits[8:12], digits[13:16], digits[17:20], digits[20:])


async def _send(scope: Scope, send: Send, status: int, body: bytes, *headers: tuple[bytes, bytes]) -> None:
    """Answer a request, in one piece if no middleware wants to see the answer.

    Head and body by themselves, as ASGI has them, are two system calls and wake the client twice.
    """
    headers = (
        (b"x-amzn-RequestId", _request_id()),
        (b"content-type", b"application/json"),
        (b"content-length", b"%d" % len(body)),
        *headers,
    )
    cycle: RequestResponseCycle = scope["extensions"][_STATE]["cycle"]
    if getattr(send, "__self__", None) is not cycle or cycle.flow.write_paused or not cycle.keep_alive:
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})
        return
    if cycle.disconnected:
        return
    cycle.response_started = cycle.response_complete = True
    lines = [b"%b: %b\r\n" % header for header in (*cycle.default_headers, *headers)]
    cycle.transport.write(b"".join((STATUS_LINE[status], *lines, b"\r\n", body)))
    cycle.message_event.set()
    cycle.on_response()
