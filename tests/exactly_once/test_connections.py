"""A connection that breaks: before the whole request was taken in nothing can have run, afterwards anything can."""

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from handler.contract import errors
from handler.contract.errors import Outcome
from handler.data_api.client import DataApi
from handler.data_api.deadline import Deadline
from handler.data_api.failures import Failed
from handler.data_api.retries import Replay
from handler.data_api.wire import Rows, Wire
from handler.settings import Settings
from queryport.testing.function import client_environment

_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 29\r\n\r\n" + b'{"numberOfRecordsUpdated": 1}'
_LARGE = "x" * 8_000_000


@contextmanager
def _server(first: Callable[[socket.socket], None]) -> Iterator[tuple[str, list[int]]]:
    """Does the `first` to its first connection, and answers the others; counts them."""
    connections: list[int] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    connections.append(connection.fileno())
                    if len(connections) == 1:
                        first(connection)
                        continue
                    _take_in(connection)
                    connection.sendall(_ANSWER)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}", connections
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def _take_in(connection: socket.socket) -> None:
    received = b""
    while b"\r\n\r\n" not in received:
        received += connection.recv(65_536)
    head, _, body = received.partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
    size = len(body)
    while size < length:
        size += len(connection.recv(1 << 20))


def _reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def _reset_at_once(connection: socket.socket) -> None:
    connection.recv(1000)
    _reset(connection)


def _reset_when_all_is_there(connection: socket.socket) -> None:
    _take_in(connection)
    _reset(connection)


def _hang_up(connection: socket.socket) -> None:
    _take_in(connection)


@pytest.fixture
def write(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], object]:
    """Sends a write with a text to an endpoint."""

    def send(endpoint: str, text: str) -> object:
        for name, value in client_environment(endpoint).items():
            monkeypatch.setenv(name, value)
        wire = Wire.from_environment()
        settings = Settings("arn:aws:rds:cluster", "arn:aws:secretsmanager:secret", "shop", Path("catalog.json"))
        try:
            return DataApi(settings, wire).execute(
                "UPDATE", [("text", text)], replay=Replay.WRITE, deadline=Deadline(lambda: 10_000)
            )
        finally:
            wire.close()

    return send


def test_a_connection_that_breaks_while_the_request_is_written_is_no_danger(
    write: Callable[[str, str], object],
) -> None:
    with _server(_reset_at_once) as (endpoint, connections):
        assert write(endpoint, _LARGE) == Rows([], 1)
        assert len(connections) == 2


@pytest.mark.parametrize("breaks", [_reset_when_all_is_there, _hang_up])
def test_a_connection_that_breaks_afterwards_leaves_the_outcome_unknown(
    write: Callable[[str, str], object], breaks: Callable[[socket.socket], None]
) -> None:
    with _server(breaks) as (endpoint, connections):
        with pytest.raises(Failed) as caught:
            write(endpoint, "small")
        assert caught.value.failure.error is errors.DatabaseUnavailable
        assert caught.value.failure.outcome is Outcome.UNKNOWN
        assert len(connections) == 1
