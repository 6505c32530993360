"""A client that proposes another protocol is answered in HTTP/1.1, its request's body and all."""

import socket
from contextlib import suppress

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from queryport.local.http_thread import HttpThread
from queryport.web.listener import listen
from queryport.web.persistent_http import LARGEST_HEAD_BYTES

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


async def _nothing(scope: Scope, receive: Receive, send: Send) -> None:
    await Request(scope, receive).body()
    await Response(status_code=204)(scope, receive, send)


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


@pytest.mark.slow
@pytest.mark.parametrize(
    "begin", [b"GET / HTTP/1.1\r\nHost: localhost\r\nX: ", b"POST /Execute HTTP/1.1\r\nX: ", b"GET /"]
)
@pytest.mark.parametrize("filling", [b"x" * 65_536, b"x\r\ny: " * 10_000])
def test_a_head_without_an_end_is_refused(begin: bytes, filling: bytes) -> None:
    listener = listen("127.0.0.1", 0)
    with listener, HttpThread(_echo, listener), socket.create_connection(listener.getsockname(), timeout=30) as client:
        client.sendall(begin)
        sent = 0
        with suppress(ConnectionError):
            while sent < 3 * LARGEST_HEAD_BYTES:
                client.sendall(filling)
                sent += len(filling)
        assert sent < 3 * LARGEST_HEAD_BYTES


def test_a_head_is_counted_for_its_own_request_alone() -> None:
    body = b"x" * 65_000
    request = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
    listener = listen("127.0.0.1", 0)
    with (
        listener,
        HttpThread(_nothing, listener),
        socket.create_connection(listener.getsockname(), timeout=30) as client,
        client.makefile("rb") as answers,
    ):
        for _ in range(2 * LARGEST_HEAD_BYTES // len(body)):
            client.sendall(request + request[:20])  # the next one's head is begun already
            client.sendall(request[20:])
            for _ in range(2):
                assert answers.readline().startswith(b"HTTP/1.1 204")
                while answers.readline() != b"\r\n":
                    pass
