"""A client that proposes another protocol is answered in HTTP/1.1, its request's body and all."""

import socket

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from queryport.local.http_thread import HttpThread
from queryport.web.listener import listen

_PROPOSALS = (
    "",
    "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA\r\n",
    "Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n",
    "Connection: upgrade\r\nUpgrade: TLS/1.3, HTTP/9\r\n",
)


async def _echo(scope: Scope, receive: Receive, send: Send) -> None:
    request = Request(scope, receive)
    told = f"{request.method} {request.url.path} {request.headers.get('x-kept')} {(await request.body()).decode()}"
    response: Response = PlainTextResponse(told)
    await response(scope, receive, send)


@pytest.mark.parametrize("proposal", _PROPOSALS)
@pytest.mark.parametrize("size", [1, 10_000])
def test_a_proposal_is_passed_over(proposal: str, size: int) -> None:
    requests = (
        f"GET /a HTTP/1.1\r\nHost: localhost\r\nX-Kept: 1\r\n{proposal}\r\n"
        f"POST /b HTTP/1.1\r\nHost: localhost\r\nX-Kept: 2\r\n{proposal}Content-Length: 4\r\n\r\nbody"
        f"POST /c HTTP/1.1\r\nHost: localhost\r\nX-Kept: 3\r\n{proposal}Transfer-Encoding: chunked\r\n\r\n"
        "2\r\nch\r\n4\r\nunks\r\n0\r\n\r\n"
        "GET /d HTTP/1.1\r\nHost: localhost\r\nX-Kept: 4\r\nConnection: close\r\n\r\n"
    ).encode()
    listener = listen("127.0.0.1", 0)
    with listener, HttpThread(_echo, listener), socket.create_connection(listener.getsockname(), timeout=30) as client:
        for start in range(0, len(requests), size):
            client.sendall(requests[start : start + size])
        with client.makefile("rb") as answers:
            bodies = [answer.rpartition(b"\r\n\r\n")[2] for answer in answers.read().split(b"HTTP/1.1 200 OK")[1:]]
    assert bodies == [b"GET /a 1 ", b"POST /b 2 body", b"POST /c 3 chunks", b"GET /d 4 "]
