"""One request in every way in which HTTP can bring it has one answer; and what happens to connections."""

import contextlib
import itertools
import json
import socket
import struct
import threading
import time
import tracemalloc
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import httpx
import pytest

from queryport.emulator import Emulator
from queryport.emulator.limits import Limits
from queryport.postgres.server import EmbeddedPostgres
from tests.queryport.emulator.test_wire import ADDRESSED, SIGNED
from tests.support.log import kept_warnings
from tests.support.projects import eventually

BODY = json.dumps(ADDRESSED | {"sql": "SELECT 7 AS n"}).encode()
ANSWER = {"numberOfRecordsUpdated": 0, "records": [[{"longValue": 7}]]}


def request(
    body: bytes = BODY, *, target: str = "/Execute", version: str = "1.1", framed: bool = True, **headers: str
) -> bytes:
    """The bytes of a request; headers are written with `_` for `-`."""
    lines = [f"POST {target} HTTP/{version}"]
    named = {"host": "localhost", **SIGNED, **{name.replace("_", "-"): value for name, value in headers.items()}}
    if framed:
        named["content-length"] = str(len(body))
    lines += [f"{name}: {value}" for name, value in named.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


def chunked(body: bytes = BODY) -> bytes:
    half = len(body) // 2
    pieces = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in (body[:half], body[half:], b""))
    return request(pieces, framed=False, transfer_encoding="chunked")


class Connection:
    """A raw connection to an emulator, and what came over it."""

    def __init__(self, emulator: Emulator) -> None:
        self.socket = socket.create_connection(("127.0.0.1", emulator.port), timeout=30)
        self._answers = self.socket.makefile("rb")

    def __enter__(self) -> "Connection":
        return self

    def __exit__(self, *_: object) -> None:
        self._answers.close()
        self.socket.close()

    def answer(self) -> tuple[int, dict[str, str], bytes]:
        """Read the next answer: status, headers and body. Fails where the connection has ended."""
        while True:
            line = self._answers.readline()
            assert line.startswith(b"HTTP/1.1 "), line
            headers: dict[str, str] = {}
            while (header := self._answers.readline().strip()) != b"":
                name, _, value = header.decode().partition(":")
                headers[name.lower()] = value.strip()
            status = int(line.split()[1])
            if status != 100:
                return status, headers, self._answers.read(int(headers["content-length"]))

    def ended(self) -> bool:
        return self._answers.read(1) == b""


WAYS: dict[str, Callable[[Emulator], bytes]] = {
    "plain": lambda _: request(),
    "chunked": lambda _: chunked(),
    "with a query": lambda _: request(target="/Execute?x=1"),
    "escaped": lambda _: request(target="/%45xecute"),
    "to be closed": lambda _: request(connection="close"),
    "HTTP/1.0": lambda _: request(version="1.0"),
    "after 100": lambda _: request(expect="100-continue"),
    "of the server's own page": lambda emulator: request(
        host=f"localhost:{emulator.port}", origin=f"http://localhost:{emulator.port}", sec_fetch_site="same-origin"
    ),
    "proposing HTTP/2": lambda _: request(connection="Upgrade, HTTP2-Settings", upgrade="h2c", http2_settings="AAMA"),
    "proposing it in the last request": lambda _: request(connection="upgrade, close", upgrade="h2c"),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_request_has_one_answer_whatever_the_way(emulator: Emulator, way: str) -> None:
    with Connection(emulator) as connection:
        connection.socket.sendall(WAYS[way](emulator))
        status, headers, body = connection.answer()
        assert (status, json.loads(body)) == (200, ANSWER)
        assert {"date", "x-amzn-requestid", "content-type"} <= headers.keys()
        if way in ("to be closed", "HTTP/1.0", "proposing it in the last request"):
            assert headers["connection"] == "close"
            assert connection.ended()


@pytest.mark.parametrize("way", ["plain", "with a query"])
def test_errors_are_told_alike(emulator: Emulator, way: str) -> None:
    target = "/Execute" if way == "plain" else "/Execute?x=1"
    with Connection(emulator) as connection:
        for body, code, expected in (
            (json.dumps(ADDRESSED | {"sql": "SELEKT"}).encode(), "DatabaseErrorException", 400),
            (b"{", "SerializationException", 400),
            (b" " * Limits().request_bytes, "RequestEntityTooLargeException", 413),
        ):
            connection.socket.sendall(request(body, target=target))
            status, headers, _ = connection.answer()
            assert (status, headers["x-amzn-errortype"].partition(":")[0]) == (expected, code)
        connection.socket.sendall(request(target=target))
        assert connection.answer()[0] == 200  # the connection is as good as before


PIPELINED: dict[str, Callable[[bytes], bytes]] = {
    "plain": request,
    "with a query": lambda body: request(body, target="/Execute?x=1"),
    "chunked": chunked,
    "proposing HTTP/2": lambda body: request(body, connection="upgrade", upgrade="h2c"),
}


@pytest.mark.parametrize(
    "ways",
    [
        *itertools.product(PIPELINED, repeat=2),
        *(pytest.param(ways, marks=pytest.mark.slow) for ways in itertools.product(PIPELINED, repeat=3)),
    ],
    ids=str,
)
def test_requests_that_do_not_wait_are_answered_in_their_order(emulator: Emulator, ways: tuple[str, ...]) -> None:
    # The later ones would be ready before the earlier ones.
    statements = ["SELECT 0 AS n FROM pg_sleep(0.02)", "SELECT 1 AS n FROM pg_sleep(0.01)", "SELECT 2 AS n"]
    bodies = [json.dumps(ADDRESSED | {"sql": sql}).encode() for sql in statements[: len(ways)]]
    with Connection(emulator) as connection:
        connection.socket.sendall(b"".join(PIPELINED[way](body) for way, body in zip(ways, bodies, strict=True)))
        found = [json.loads(connection.answer()[2])["records"][0][0]["longValue"] for _ in ways]
    assert found == list(range(len(ways)))


@pytest.mark.parametrize("size", [1, 7, 300])
def test_requests_in_pieces_are_read(emulator: Emulator, size: int) -> None:
    sent = b"".join(PIPELINED[way](BODY) for way in PIPELINED)
    with Connection(emulator) as connection:
        for start in range(0, len(sent), size):
            connection.socket.sendall(sent[start : start + size])
        assert [json.loads(connection.answer()[2]) for _ in PIPELINED] == [ANSWER] * len(PIPELINED)


@pytest.mark.parametrize("head", ["CONNECT db:5432 HTTP/1.1", "PRI * HTTP/2.0"])
def test_what_is_for_a_proxy_or_http2_alone_is_refused(emulator: Emulator, head: str) -> None:
    with Connection(emulator) as connection:
        connection.socket.sendall(f"{head}\r\nHost: localhost\r\n\r\n".encode())
        assert connection.answer()[0] == 400
        assert connection.ended()


@pytest.mark.parametrize("target", ["/Execute", "/Execute?x=1"])
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("queued", [b"", request(target="/Execute?y") * 2], ids=["alone", "before others"])
def test_a_dropped_call_ends_its_connection_without_an_answer(
    postgres: EmbeddedPostgres, target: str, when: str, queued: bytes
) -> None:
    with kept_warnings() as warned, Emulator(postgres.url()) as emulator:
        httpx.post(f"{emulator.url}/_queryport/faults", json={"kind": "drop", "when": when}).raise_for_status()
        with Connection(emulator) as connection:
            connection.socket.sendall(request(target=target) + queued)
            with contextlib.suppress(ConnectionResetError):
                assert connection.ended()
        with Connection(emulator) as connection:
            connection.socket.sendall(request(target=target))
            assert connection.answer()[0] == 200
    assert [record.getMessage() for record in warned] == []


@pytest.mark.parametrize("ends", ["closed", "reset"])
@pytest.mark.parametrize("queued", [b"", request() * 2, request(target="/Execute?y") * 2], ids=["alone", "", "by ASGI"])
@pytest.mark.parametrize("target", ["/Execute", "/Execute?x=1"])
def test_a_client_that_goes_leaves_its_statement_to_its_end(
    postgres: EmbeddedPostgres, target: str, queued: bytes, ends: str
) -> None:
    with kept_warnings() as warned, Emulator(postgres.url()) as emulator:
        with Connection(emulator) as connection:
            body = json.dumps(ADDRESSED | {"sql": "SELECT pg_sleep(0.3)"}).encode()
            connection.socket.sendall(request(body, target=target) + queued)
            time.sleep(0.1)
            if ends == "reset":
                connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        eventually(lambda: [call.outcome for call in emulator.log][:1] == ["OK"])
        with Connection(emulator) as connection:
            connection.socket.sendall(request(target=target))
            assert connection.answer()[0] == 200
    assert [record.getMessage() for record in warned] == []


@pytest.mark.parametrize("target", ["/Execute", "/Execute?x=1"])
@pytest.mark.parametrize("ends", ["reset", "later"])
def test_a_connection_keeps_no_body_beyond_its_call(postgres: EmbeddedPostgres, ends: str, target: str) -> None:
    unused = [{"name": "unused", "value": {"stringValue": "x" * 3_000_000}}]
    body = json.dumps(ADDRESSED | {"sql": "SELECT pg_sleep(0.1)", "parameters": unused}).encode()
    with Emulator(postgres.url()) as emulator, contextlib.ExitStack() as connections:
        tracemalloc.start()
        connections.callback(tracemalloc.stop)
        for number in range(1, 9):
            connection = connections.enter_context(Connection(emulator))
            connection.socket.sendall(request(body, target=target))
            if ends == "reset":
                eventually(lambda: emulator.status()["sessions"] > emulator.status()["idle"])
                connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                connection.__exit__()
            eventually(partial(_has_logged, emulator, number))
        eventually(lambda: tracemalloc.get_traced_memory()[0] < 2 * len(body))


def _has_logged(emulator: Emulator, calls: int) -> bool:
    return len(list(emulator.log)) == calls


def test_a_foreign_page_is_refused_on_every_way(emulator: Emulator) -> None:
    for foreign in (
        request(origin="https://example.com"),
        request(sec_fetch_site="cross-site"),
        request(host="example.com"),
    ):
        with Connection(emulator) as connection:
            connection.socket.sendall(foreign)
            assert connection.answer()[0] == 403
    assert list(emulator.log) == []


def test_an_answer_longer_than_a_buffer_arrives_whole(postgres: EmbeddedPostgres) -> None:
    with Emulator(postgres.url()) as emulator, Connection(emulator) as connection:
        sql = "SELECT repeat('x', 900000) AS long"
        for _ in range(3):
            connection.socket.sendall(request(json.dumps(ADDRESSED | {"sql": sql}).encode()))
            time.sleep(0.05)
            status, _, body = connection.answer()
            assert (status, len(json.loads(body)["records"][0][0]["stringValue"])) == (200, 900_000)


@pytest.mark.parametrize("target", ["/Execute", "/Execute?x=1"])
def test_it_stops_while_a_client_reads_none_of_its_answers(postgres: EmbeddedPostgres, target: str) -> None:
    emulator = Emulator(postgres.url())
    emulator.start()
    with Connection(emulator) as connection:
        body = json.dumps(ADDRESSED | {"sql": "SELECT repeat('x', 900000) AS long"}).encode()
        connection.socket.sendall(request(body, target=target) * 8)
        eventually(lambda: len(list(emulator.log)) > 0)
        stopping = [threading.Thread(target=emulator.stop) for _ in range(2)]
        for each in stopping:
            each.start()
        for each in stopping:
            each.join(30)
        assert not any(each.is_alive() for each in stopping)


LONG = json.dumps(ADDRESSED | {"sql": "SELECT 7 AS n FROM pg_sleep(1.7)"}).encode()
MOST_REST = 1.5
"""The seconds that a connection may rest in the test."""

REQUESTS: dict[str, tuple[bytes | float, ...]] = {
    "plain": (request(),),
    "by ASGI": (request(target="/Execute?x=1"),),
    "long": (request(LONG),),
    "long by ASGI": (request(LONG, target="/Execute?x=1"),),
    "a head in pieces": (request()[:20], 2.0, request()[20:]),
    "a body in pieces": (request()[:-20], 2.0, request()[-20:]),
    "two, the second in pieces": (request(LONG) + request()[:20], 2.0, request()[20:]),
    "two at once": (request() + request(),),
    "two after a rest each": (0.8, request(), 0.8, request()),
    "two by ASGI after a rest each": (0.8, request(target="/Execute?x=1"), 0.8, request(target="/Execute?x=1")),
}
"""Pieces of bytes, and the seconds between them."""


@pytest.mark.slow
def test_a_connection_is_closed_when_nothing_comes_and_not_before(
    postgres: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("queryport.emulator.server._KEEP_ALIVE_SECONDS", MOST_REST)

    def answered(kinds: tuple[str, ...]) -> bool:
        with Connection(emulator) as connection:
            for kind in kinds:
                for piece in REQUESTS[kind]:
                    if isinstance(piece, float):
                        time.sleep(piece)
                    else:
                        connection.socket.sendall(piece)
                for _ in range(2 if kind.startswith("two") else 1):
                    assert json.loads(connection.answer()[2]) == ANSWER, kinds
            return connection.ended()

    sequences = list(itertools.product(REQUESTS, repeat=2))
    with Emulator(postgres.url()) as emulator, ThreadPoolExecutor(len(sequences)) as threads:
        assert all(threads.map(answered, sequences))
