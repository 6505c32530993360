"""The HTTP connections to one endpoint: urllib3's, which know besides whether a request went out to its end.

A request is sent once; whether it may be sent again is for handler.data_api.retries to say. A write has not run if its
connection broke before its last byte was sent; a connection that broke afterwards is another loss.
"""

import ssl
from collections.abc import Mapping
from enum import StrEnum
from http.client import HTTPException
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from botocore.httpsession import ProxyConfiguration, create_urllib3_context, get_cert_path
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager, ProxyManager, Timeout
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    LocationValueError,
    NewConnectionError,
    ProtocolError,
    ProxyError,
    ReadTimeoutError,
    SSLError,
)
from urllib3.response import HTTPResponse
from urllib3.util.retry import Retry

_ONCE = Retry(total=False)
_MOST_CONNECTIONS = 10  # as many as the SDK keeps
_BLOCK_SIZE = 128 * 1024


class Loss(StrEnum):
    """The ways in which a request stays without an answer."""

    NOT_SET_UP = "not set up"
    NOT_CONNECTED = "no connection came about"
    NOT_SENT = "reset before the request was sent"
    CUT_OFF = "reset after the request was sent"
    TIMED_OUT = "read timeout"
    UNREADABLE = "an answer that cannot be read"


class NoAnswer(Exception):  # noqa: N818 (it is what happened, not what it is an error of)
    """A request without an answer; the message is the name of the error behind it."""

    def __init__(self, loss: Loss, cause: str) -> None:
        super().__init__(cause)
        self.loss = loss
        self.cause = cause


class Reply(NamedTuple):
    status: int
    headers: Mapping[str, str]
    """Names in any case."""
    body: bytes


class Route(NamedTuple):
    """The way to an endpoint, as the environment describes it."""

    url: str
    proxies: Mapping[str, str]
    """URLs of proxies by the scheme of the endpoint."""
    ca_bundle: str | None
    """A file of certificates, or None for those that botocore trusts."""
    socket_options: tuple[tuple[int, int, int], ...]


class Connections:
    """The connections to an endpoint; safe to share between threads."""

    def __init__(self, route: Route) -> None:
        self._route = route
        proxies = ProxyConfiguration(dict(route.proxies))
        self._proxy_url: str | None = proxies.proxy_url_for(route.url)
        self._proxy_headers: dict[str, str] = (
            proxies.proxy_headers_for(self._proxy_url) if self._proxy_url is not None else {}
        )
        self._absolute = self._proxy_url is not None and not route.url.startswith("https:")
        self._manager: PoolManager | None = None
        self._pool: HTTPConnectionPool | None = None

    def post(self, url: str, headers: Mapping[str, str], body: bytes, *, connect: float, read: float) -> Reply:
        """Send a request and await its answer; `connect` and `read` are seconds. Raises NoAnswer.

        The URL is one of the endpoint's.
        """
        parts = urlsplit(url)
        target = url if self._absolute else f"{parts.path}?{parts.query}" if parts.query else parts.path
        try:
            pool = self._pool or self._connect()
            response = pool.urlopen(
                "POST",
                target,
                body=body,
                headers=headers,
                retries=_ONCE,
                redirect=False,
                assert_same_host=False,
                timeout=Timeout(connect=connect, read=read),
                decode_content=False,
            )
        except (HTTPError, OSError) as error:
            raise NoAnswer(_loss(error), type(error).__name__) from error
        return Reply(response.status, response.headers, response.data)

    def close(self) -> None:
        """Close the connections that are idle; the next request opens one."""
        self._pool = None
        if self._manager is not None:
            self._manager.clear()

    def _connect(self) -> HTTPConnectionPool:
        if self._manager is None:
            self._manager = self._pools()
        self._pool = self._manager.connection_from_url(self._route.url)
        return self._pool

    def _pools(self) -> PoolManager:
        options: dict[str, Any] = {
            "maxsize": _MOST_CONNECTIONS,
            "blocksize": _BLOCK_SIZE,
            "socket_options": list(self._route.socket_options),
        }
        if self._route.url.startswith("https:"):
            # Certificates are read once, and not for every connection anew.
            context = create_urllib3_context()
            context.load_verify_locations(self._route.ca_bundle or get_cert_path(verify=True))
            options |= {"ssl_context": context, "cert_reqs": "CERT_REQUIRED"}
        manager = (
            PoolManager(**options)
            if self._proxy_url is None
            else ProxyManager(self._proxy_url, proxy_headers=self._proxy_headers, **options)
        )
        manager.pool_classes_by_scheme = {"http": _HttpPool, "https": _HttpsPool}
        return manager


class _RequestNotSent(ProtocolError):  # noqa: N818 (it is what happened)
    """A connection broke before all of a request was written."""


class _HttpConnection(HTTPConnection):
    """Tells a failure before the request was sent from one after it, and sends head and body in one piece."""

    _held: list[bytes] | None = None
    _sent = False

    def connect(self) -> None:
        try:
            super().connect()
        except ssl.SSLError:
            raise
        except TimeoutError as error:  # in the handshake, which urllib3 takes for a read
            raise ConnectTimeoutError(self, "the handshake took too long") from error
        except OSError as error:
            raise NewConnectionError(self, f"the connection broke at once: {error}") from error

    def request(self, *arguments: Any, **options: Any) -> None:
        self._sent = False
        held: list[bytes] = []
        self._held = held
        try:
            super().request(*arguments, **options)
        finally:
            self._held = None
        try:
            super().send(b"".join(held))
        except (BrokenPipeError, ConnectionResetError):
            raise  # urllib3 looks whether the server answered all the same, as one does that finds a body too large
        except OSError as error:
            raise _RequestNotSent("the request was not sent", error) from error
        self._sent = True

    def send(self, data: Any) -> None:
        if self._held is None:
            super().send(data)
        else:
            self._held.append(data)

    def getresponse(self) -> HTTPResponse:  # type: ignore[override]  # as urllib3's own
        try:
            return super().getresponse()
        except (OSError, HTTPException, HTTPError) as error:
            if not self._sent:
                raise _RequestNotSent("the request was not sent", error) from error
            if isinstance(error, ssl.SSLError | SSLError):
                raise ProtocolError("the connection broke", error) from error
            raise


class _HttpsConnection(_HttpConnection, HTTPSConnection):
    """The same over TLS."""


class _HttpPool(HTTPConnectionPool):
    ConnectionCls = _HttpConnection


class _HttpsPool(HTTPSConnectionPool):
    ConnectionCls = _HttpsConnection


def _loss(error: HTTPError | OSError) -> Loss:
    if isinstance(error, _RequestNotSent):
        return Loss.NOT_SENT
    if isinstance(error, NewConnectionError | ConnectTimeoutError | ProxyError):
        return Loss.NOT_CONNECTED
    if isinstance(error, SSLError):
        reason = error.args[0]
        broke = isinstance(reason, ssl.SSLError) and not isinstance(reason, ssl.SSLCertVerificationError)
        return Loss.NOT_CONNECTED if broke else Loss.NOT_SET_UP  # else the host is not trusted
    if isinstance(error, LocationValueError | OSError):
        return Loss.NOT_SET_UP  # a host name that is none, or a file of certificates that is not there
    return Loss.TIMED_OUT if isinstance(error, ReadTimeoutError) else Loss.CUT_OFF
