"""An HTTP server that keeps every request as it came in, byte for byte, and answers as a test tells it to."""

import socket
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Self

import orjson

_ANSWERS = {
    "/Execute": {"records": [[{"stringValue": '{"a":1}'}]], "numberOfRecordsUpdated": 0},
    "/BatchExecute": {"updateResults": [{"generatedFields": []}]},
    "/BeginTransaction": {"transactionId": "T1"},
    "/CommitTransaction": {"transactionStatus": "Transaction Committed"},
    "/RollbackTransaction": {"transactionStatus": "Rollback Complete"},
}


@dataclass(frozen=True, slots=True)
class Recorded:
    """A request in its parts; the names of headers are as they were sent."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    @classmethod
    def parse(cls, head: bytes, body: bytes) -> "Recorded":
        line, *lines = head.decode("latin-1").split("\r\n")
        method, target, _ = line.split(" ")
        headers = tuple((name, value.strip()) for name, _, value in (each.partition(":") for each in lines))
        return cls(method, target, headers, body)

    def header(self, name: str) -> str | None:
        """The value of a header that comes at most once."""
        values = [value for each, value in self.headers if each.lower() == name.lower()]
        assert len(values) <= 1, f"{name} came {len(values)} times"
        return values[0] if values else None

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)


@dataclass(frozen=True, slots=True)
class Answer:
    status: int = 200
    body: bytes | None = None
    """None is what the service answers to the request."""
    headers: dict[str, str] = field(default_factory=dict)

    def encode(self, path: str) -> bytes:
        body = orjson.dumps(_ANSWERS.get(path, {})) if self.body is None else self.body
        headers = {"Content-Type": "application/json", "Content-Length": str(len(body)), **self.headers}
        lines = [f"HTTP/1.1 {self.status} Status", *(f"{name}: {value}" for name, value in headers.items())]
        return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


class Server:
    """Does `serve` with every connection, each in a thread of its own."""

    def __init__(self, serve: Callable[[socket.socket], None], context: ssl.SSLContext | None = None) -> None:
        self._serve = serve
        self._context = context
        self._threads: list[threading.Thread] = []
        self._open: set[socket.socket] = set()
        self.connections = 0

    def __enter__(self) -> Self:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._start(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in list(self._open):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue  # it has ended by itself
        for thread in self._threads:
            thread.join()

    @property
    def url(self) -> str:
        return f"{'http' if self._context is None else 'https'}://localhost:{self.port}"

    def _start(self, work: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._start(self._hold, connection)

    def _hold(self, connection: socket.socket) -> None:
        self._open.add(connection)
        try:
            if self._context is not None:
                connection = self._context.wrap_socket(connection, server_side=True)
            with connection:
                self._serve(connection)
        except OSError:
            return  # the client has gone, or did not trust the certificate
        finally:
            self._open.discard(connection)


class Recorder(Server):
    """Records requests and answers them."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        super().__init__(self._record, context)
        self.requests: list[Recorded] = []
        self.answer = Answer()

    def _record(self, connection: socket.socket) -> None:
        while (request := read_request(connection)) is not None:
            self.requests.append(request)
            connection.sendall(self.answer.encode("/" + request.target.rpartition("/")[2]))


def read_request(connection: socket.socket) -> Recorded | None:
    """Read one request to its end; None where the client has hung up instead."""
    received = bytearray()
    while b"\r\n\r\n" not in received:
        chunk = connection.recv(65_536)
        if not chunk:
            return None
        received += chunk
    head, _, body = received.partition(b"\r\n\r\n")
    length = next(
        (int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0
    )
    while len(body) < length:
        chunk = connection.recv(65_536)
        if not chunk:
            return None
        body += chunk
    return Recorded.parse(bytes(head), bytes(body))
