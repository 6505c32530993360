"""Connections that break, time out or are not trusted, over real sockets; proxies; and what boto3 makes of the same."""

import gc
import socket
import ssl
import struct
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import trustme
from botocore.config import Config

from handler.data_api.connection import Connections, Loss, NoAnswer, Reply, Route
from handler.data_api.wire import Action, Request, Wire
from tests.support.boto3_session import session
from tests.support.recorder import Answer, Recorder, Server, read_request

_LARGE = b"x" * 8_000_000
_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def bundle(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("trust") / "ca.pem"
    authority.cert_pem.write_to_path(path)
    return str(path)


@pytest.fixture
def tls(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    return context


@pytest.fixture
def at_the_end() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


Post = Callable[..., Reply]


@pytest.fixture
def post(at_the_end: ExitStack, bundle: str) -> Post:
    """Posts a body to a URL, over connections that are kept from one call to the next."""
    kept: dict[str, Connections] = {}

    def send(url: str, body: bytes = b"{}", *, connect: float = 30, read: float = 30, trusted: str = bundle) -> Reply:
        if url not in kept:
            kept[url] = Connections(Route(url, {}, trusted, ()))
            at_the_end.callback(kept[url].close)
        return kept[url].post(f"{url}/Execute", {"Content-Length": str(len(body))}, body, connect=connect, read=read)

    return send


def _loss(post: Post, url: str, *arguments: Any, **options: Any) -> Loss:
    with pytest.raises(NoAnswer) as failure:
        post(url, *arguments, **options)
    assert failure.value.cause.isidentifier()
    return failure.value.loss


def _reset(connection: socket.socket) -> None:
    """Close a connection so that the other side learns of it at once and rudely."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    socket.socket.close(connection)  # under TLS too, without a farewell


def _read_and_reset(connection: socket.socket) -> None:
    read_request(connection)
    _reset(connection)


def _read_a_little_and_reset(connection: socket.socket) -> None:
    connection.recv(1000)
    _reset(connection)


def _read_and_hang_up(connection: socket.socket) -> None:
    read_request(connection)


def _answer_with(answer: bytes) -> Callable[[socket.socket], None]:
    def serve(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(answer)
        _reset(connection)

    return serve


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize(
    ("serve", "body", "loss"),
    [
        (_read_a_little_and_reset, _LARGE, Loss.NOT_SENT),
        (_read_and_reset, b"{}", Loss.CUT_OFF),
        (_read_and_hang_up, b"{}", Loss.CUT_OFF),
        (_read_and_hang_up, _LARGE, Loss.CUT_OFF),
        (_answer_with(b"HTTP/1.1 200 OK\r\nContent-Le"), b"{}", Loss.CUT_OFF),
        (_answer_with(b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{}"), b"{}", Loss.CUT_OFF),
        (_answer_with(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n{}"), b"{}", Loss.CUT_OFF),
        (_answer_with(b"nonsense\r\n\r\n"), b"{}", Loss.CUT_OFF),
    ],
)
def test_a_connection_that_breaks_tells_whether_the_request_was_sent(
    post: Post, tls: ssl.SSLContext, scheme: str, serve: Callable[[socket.socket], None], body: bytes, loss: Loss
) -> None:
    with Server(serve, tls if scheme == "https" else None) as server:
        assert _loss(post, server.url, body) is loss
        assert server.connections == 1


def test_what_is_no_tls_behind_the_request_cuts_the_connection_off(post: Post, tls: ssl.SSLContext) -> None:
    def spoil(connection: socket.socket) -> None:
        read_request(connection)
        socket.socket.sendall(connection, b"\x17\x03\x03\x00\x20" + b"x" * 32)  # beneath TLS

    with Server(spoil, tls) as server:
        assert _loss(post, server.url) is Loss.CUT_OFF


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_server_that_reads_no_further_leaves_the_request_unsent(post: Post, tls: ssl.SSLContext, scheme: str) -> None:
    over = threading.Event()

    def read_a_little(connection: socket.socket) -> None:
        connection.recv(1000)
        over.wait(60)

    with Server(read_a_little, tls if scheme == "https" else None) as server:
        assert _loss(post, server.url, _LARGE, connect=0.3) is Loss.NOT_SENT
        over.set()


def test_an_answer_that_comes_before_the_request_is_sent_is_an_answer(post: Post) -> None:
    def refuse(connection: socket.socket) -> None:
        connection.recv(1000)
        connection.sendall(b"HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(65_536):  # lets the client write on for a while, and then resets
            if time.monotonic() > began + 0.3:
                return

    began = time.monotonic()
    with Server(refuse) as server:
        assert post(server.url, _LARGE).status == 413


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_an_answer_is_awaited_for_so_long(post: Post, tls: ssl.SSLContext, scheme: str) -> None:
    over = threading.Event()

    def wait(connection: socket.socket) -> None:
        read_request(connection)
        over.wait(60)

    def stop_in_the_middle(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(_ANSWER[:-1])
        over.wait(60)

    for serve in (wait, stop_in_the_middle):
        with Server(serve, tls if scheme == "https" else None) as server:
            assert _loss(post, server.url, read=0.3) is Loss.TIMED_OUT
            over.set()
        over.clear()


def test_a_connection_that_does_not_come_about_is_named(post: Post, tls: ssl.SSLContext) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert _loss(post, f"http://localhost:{port}") is Loss.NOT_CONNECTED
    assert _loss(post, f"http://nowhere.invalid:{port}") is Loss.NOT_CONNECTED
    assert tls
    over = threading.Event()

    def say_nothing(_: socket.socket) -> None:
        over.wait(60)

    with Server(say_nothing) as silent:
        assert _loss(post, f"https://localhost:{silent.port}", connect=0.3) is Loss.NOT_CONNECTED
        over.set()
    with Server(_reset) as rude:
        assert _loss(post, f"https://localhost:{rude.port}") is Loss.NOT_CONNECTED
    with Server(lambda connection: connection.close()) as brief:
        assert _loss(post, f"https://localhost:{brief.port}") is Loss.NOT_CONNECTED
    with warnings.catch_warnings():
        # A socket that was reset ahead of its handshake is closed by nobody, in a cycle, which another test would meet.
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


def test_a_server_that_takes_no_connection_is_given_up_in_time(post: Post) -> None:
    with socket.socket() as listener, ExitStack() as waiting:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(3):  # fills the queue, whose end the kernel answers nothing any more
            queued = waiting.enter_context(socket.socket())
            queued.settimeout(0)
            queued.connect_ex(listener.getsockname())
        with pytest.raises(NoAnswer, match="ConnectTimeoutError") as failure:  # and not the kernel's, after minutes
            post(f"http://127.0.0.1:{listener.getsockname()[1]}", connect=0.3)
        assert failure.value.loss is Loss.NOT_CONNECTED


def test_a_host_that_is_not_trusted_is_sent_nothing(
    post: Post, tls: ssl.SSLContext, authority: trustme.CA, tmp_path: Path
) -> None:
    stranger = tmp_path / "stranger.pem"
    trustme.CA().cert_pem.write_to_path(stranger)
    elsewhere = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("elsewhere.example").configure_cert(elsewhere)
    with Recorder(tls) as recorder, Recorder(elsewhere) as impostor:
        assert _loss(post, recorder.url, trusted=str(stranger)) is Loss.NOT_SET_UP
        assert _loss(post, impostor.url) is Loss.NOT_SET_UP
        assert recorder.requests == impostor.requests == []
    assert _loss(post, "https://localhost:1", trusted="/nowhere.pem") is Loss.NOT_SET_UP


def test_a_connection_is_kept_until_it_is_closed(at_the_end: ExitStack) -> None:
    with Recorder() as recorder:
        connections = Connections(Route(recorder.url, {}, None, ((socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),)))
        at_the_end.callback(connections.close)

        def post() -> int:
            connections.post(f"{recorder.url}/Execute", {}, b"{}", connect=3, read=3)
            return recorder.connections

        assert [post(), post()] == [1, 1]
        connections.close()
        assert [post(), post()] == [2, 2]
        recorder.answer = Answer(headers={"Connection": "close"})
        assert [post(), post()] == [2, 3]


def test_a_connection_that_the_server_closed_is_not_used_again(post: Post) -> None:
    closed = threading.Event()

    def answer_once(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(_ANSWER)
        connection.shutdown(socket.SHUT_WR)
        closed.set()

    with Server(answer_once) as server:
        first = post(server.url)
        assert closed.wait(30)
        assert post(server.url) == first
        assert server.connections == 2


# From here on: what the environment says, compared with what boto3 makes of it.


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name, value in {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_CONFIG_FILE": "/nowhere",
        "AWS_SHARED_CREDENTIALS_FILE": "/nowhere",
    }.items():
        monkeypatch.setenv(name, value)
    for name in ("REQUESTS_CA_BUNDLE", "AWS_CA_BUNDLE", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    return monkeypatch


def _begin_by_wire() -> None:
    wire = Wire.from_environment()
    try:
        members = {"resourceArn": "arn:aws:rds", "secretArn": "arn:aws:secret"}
        wire.send(Request.of(Action.BEGIN, members), attempt=1, connect=3, read=5)
    finally:
        wire.close()


def _begin_by_boto3() -> None:
    client = session().client("rds-data", config=Config(retries={"total_max_attempts": 1}))
    try:
        client.begin_transaction(resourceArn="arn:aws:rds", secretArn="arn:aws:secret")
    finally:
        client.close()


@pytest.mark.parametrize("variable", ["AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE"])
def test_a_bundle_of_certificates_is_found_as_by_boto3(
    environment: pytest.MonkeyPatch, tls: ssl.SSLContext, bundle: str, variable: str
) -> None:
    with Recorder(tls) as recorder:
        environment.setenv("AWS_ENDPOINT_URL", recorder.url)
        with pytest.raises(NoAnswer):
            _begin_by_wire()
        environment.setenv(variable, bundle)
        _begin_by_boto3()
        _begin_by_wire()
        theirs, ours = recorder.requests
        assert ours.header("host") == theirs.header("host") == f"localhost:{recorder.port}"


class _Proxy(Server):
    """A proxy that passes tunnels on, and answers everything else itself."""

    def __init__(self, refusal: bytes | None = None) -> None:
        super().__init__(self._serve_proxy)
        self.heads: list[tuple[str, str, str | None]] = []
        """Method, target and Proxy-Authorization of each request."""
        self._refusal = refusal

    def _serve_proxy(self, connection: socket.socket) -> None:
        request = read_request(connection)
        if request is None:
            return
        self.heads.append((request.method, request.target, request.header("proxy-authorization")))
        if self._refusal is not None:
            connection.sendall(self._refusal)
        elif request.method != "CONNECT":
            connection.sendall(Answer().encode("/" + request.target.rpartition("/")[2]))
        else:
            connection.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")
            host, _, port = request.target.partition(":")
            with socket.create_connection((host, int(port))) as target:
                there = threading.Thread(target=_pump, args=(connection, target))
                there.start()
                _pump(target, connection)
                there.join()


def _pump(source: socket.socket, target: socket.socket) -> None:
    try:
        while chunk := source.recv(65_536):
            target.sendall(chunk)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        return  # one of the two has gone


@pytest.mark.parametrize("user", ["", "me:s%40cret@"])
def test_a_proxy_is_used_as_by_boto3(
    environment: pytest.MonkeyPatch, tls: ssl.SSLContext, bundle: str, user: str
) -> None:
    environment.setenv("AWS_CA_BUNDLE", bundle)
    with _Proxy() as proxy, Recorder(tls) as recorder, Recorder() as plain:
        for name in ("HTTP_PROXY", "HTTPS_PROXY"):
            environment.setenv(name, f"http://{user}localhost:{proxy.port}")
        for target in (recorder, plain):
            environment.setenv("AWS_ENDPOINT_URL", target.url)
            _begin_by_boto3()
            _begin_by_wire()
            theirs, ours = proxy.heads[-2:]
            assert ours == theirs
            assert bool(ours[2]) == bool(user)
        assert len(recorder.requests) == 2
        assert plain.requests == []
        environment.setenv("NO_PROXY", "localhost")
        _begin_by_wire()
        assert len(plain.requests) == 1


def test_a_proxy_that_cannot_be_reached_or_refuses_is_no_connection(
    environment: pytest.MonkeyPatch, tls: ssl.SSLContext, bundle: str
) -> None:
    environment.setenv("AWS_CA_BUNDLE", bundle)
    refusal = b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"
    with Recorder(tls) as recorder, _Proxy(refusal) as proxy:
        environment.setenv("AWS_ENDPOINT_URL", recorder.url)
        for port in (proxy.port, 1):
            environment.setenv("HTTPS_PROXY", f"http://localhost:{port}")
            with pytest.raises(NoAnswer, match="ProxyError") as failure:
                _begin_by_wire()
            assert failure.value.loss is Loss.NOT_CONNECTED
        assert recorder.requests == []


@pytest.mark.slow
def test_sockets_are_kept_alive_where_the_sdk_is_told_so(environment: pytest.MonkeyPatch) -> None:
    options: list[tuple[int, ...]] = []
    original = socket.socket.setsockopt

    def note(self: socket.socket, *option: Any) -> None:
        options.append(option)
        original(self, *option)

    with Recorder() as recorder:
        environment.setenv("AWS_ENDPOINT_URL", recorder.url)
        environment.setattr(socket.socket, "setsockopt", note)
        for variables in ({}, {"BOTOCORE_TCP_KEEPALIVE": "true"}):
            for name, value in variables.items():
                environment.setenv(name, value)
            theirs: list[tuple[int, ...]] = []
            ours: list[tuple[int, ...]] = []
            for send, seen in ((_begin_by_boto3, theirs), (_begin_by_wire, ours)):
                options.clear()
                send()
                seen += options
            assert ours == theirs
            assert len(ours) == 1 + len(variables)
