"""Refuse what a web page sends to a server on the developer's machine without that server's leave.

A page from anywhere can make the browser send requests to 127.0.0.1, and some without the server being asked first: a
form, an image, `fetch` in the mode `no-cors`. Browsers say so in Origin and Sec-Fetch-Site; no other client sends them.
A page can also point its own domain at 127.0.0.1 (DNS rebinding) and is then of the same origin as the server; its name
stands in Host, so a server on loopback answers to the machine's own names alone.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address

import orjson
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

_OWN_SITES = (b"same-origin", b"none")
"""Sec-Fetch-Site of a page of the server's own, and of an address that the user typed."""

_KNOWN = 100
"""Host headers that are not judged anew by every request."""

_SCHEMES = (b"http://", b"https://")


ANY_ORIGIN = "*"
"""Every page of this machine's own: a server on a developer's machine is open to no other without its name."""

_LOCAL_ORIGIN = r"https?://(?:localhost|(?:[a-z0-9-]+\.)+localhost|127\.0\.0\.1|\[::1\])(?::[0-9]+)?"


@dataclass(frozen=True, slots=True)
class Cors:
    """The answers to a browser that asks on behalf of an allowed page (the Fetch standard, section 3.3)."""

    methods: tuple[str, ...] = ("*",)
    headers: tuple[str, ...] = ("*",)
    """Those that a page may send."""
    exposed: tuple[str, ...] = ("*",)
    """Those that a page may read."""
    max_age: int = 600
    """Seconds for which the browser need not ask again."""
    credentials: bool = False


@dataclass(frozen=True, slots=True)
class Allowed:
    """The pages and names that a developer lets in besides those that are safe by themselves."""

    origins: tuple[str, ...] = ()
    """Pages that may call, for example `http://localhost:5173`, or ANY_ORIGIN."""
    hosts: tuple[str, ...] = ()
    """Names of this machine that requests may be for, without a port."""
    cors: Cors = Cors()


NOTHING_MORE = Allowed()


class Pages:
    """An ASGI application that passes on to another one what no foreign web page sent."""

    def __init__(self, application: ASGIApp, address: str, allowed: Allowed = NOTHING_MORE) -> None:
        """`address` is the one that the server listens on."""
        self._application = application
        self._on_loopback = is_loopback(address)
        self._origins = frozenset(origin.rstrip("/").encode() for origin in allowed.origins)
        self._any_local = ANY_ORIGIN in allowed.origins
        self._hosts = frozenset(host.lower() for host in allowed.hosts)
        self._known: dict[bytes, bool] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        refusal = self.refusal(scope["headers"], reads=scope["method"] in ("GET", "HEAD"))
        if refusal is None:
            await self._application(scope, receive, send)
        else:
            await _refuse(send, refusal)

    def refusal(self, headers: Sequence[tuple[bytes, bytes]], *, reads: bool = False) -> str | None:
        """Return the reason to refuse a request with these headers, whose names are in lower case; None for none.

        It `reads` with the methods of which a browser does not say what page sends them.
        """
        host = origin = site = None
        for name, value in headers:
            if name == b"host":
                host = value
            elif name == b"origin":
                origin = value
            elif name == b"sec-fetch-site":
                site = value
        if host is not None and (self._on_loopback or reads or origin is not None) and not self._is_ours(host):
            return f"{_shown(host)} is no name of this machine's: if it is to be one, allow it with --allow-host"
        if origin is not None:
            if origin in self._origins or (host is not None and origin in [scheme + host for scheme in _SCHEMES]):
                return None
            if self._any_local and re.fullmatch(_LOCAL_ORIGIN, origin.decode("latin-1")):
                return None
            return f"a web page of {_shown(origin)} may not call this server: allow its origin with --allow-origin"
        if site is not None and site not in _OWN_SITES:
            return "a web page of another origin may not call this server: allow its origin with --allow-origin"
        return None

    def _is_ours(self, host: bytes) -> bool:
        """Whether a Host header names this machine; on other addresses than loopback, whether no page can own it."""
        known = self._known.get(host)
        if known is None:
            known = self._judged(host)
            if len(self._known) < _KNOWN:
                self._known[host] = known
        return known

    def _judged(self, host: bytes) -> bool:
        name = hostname(host.decode("latin-1"))
        if name in self._hosts or name == "localhost" or name.endswith(".localhost"):
            return True
        if self._on_loopback:
            return is_loopback(name)
        # A name without a dot, or below .internal, cannot be registered for an address of a page's.
        return _is_address(name) or "." not in name or name.endswith(".internal")


def guarded(application: ASGIApp, address: str, allowed: Allowed = NOTHING_MORE) -> ASGIApp:
    """Put `Pages` before an application, and answer the browser's questions (CORS) for origins that are allowed."""
    return with_cors(Pages(application, address, allowed), allowed)


def with_cors(pages: Pages, allowed: Allowed) -> ASGIApp:
    """Answer the browser's questions (CORS) for origins that are allowed, and leave the rest to `pages`."""
    if not allowed.origins:
        return pages
    return CORSMiddleware(
        pages,
        allow_origins=[origin.rstrip("/") for origin in allowed.origins if origin != ANY_ORIGIN],
        allow_origin_regex=_LOCAL_ORIGIN if ANY_ORIGIN in allowed.origins else None,
        allow_methods=allowed.cors.methods,
        allow_headers=allowed.cors.headers,
        expose_headers=allowed.cors.exposed,
        max_age=allowed.cors.max_age,
        allow_credentials=allowed.cors.credentials,
    )


def hostname(host: str) -> str:
    """The name in a Host header, in lower case, without port, brackets and a final dot."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0].lower().rstrip(".")


def is_loopback(name: str) -> bool:
    """Whether a host name or an address is this machine's own, which no other reaches."""
    return name == "localhost" or (_is_address(name) and ip_address(name).is_loopback)


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def _shown(value: bytes) -> str:
    return repr(value.decode("latin-1"))


async def _refuse(send: Send, message: str) -> None:
    body = orjson.dumps({"message": message})
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", b"%d" % len(body)),
        (b"x-content-type-options", b"nosniff"),
    ]
    await send({"type": "http.response.start", "status": 403, "headers": headers})
    await send({"type": "http.response.body", "body": body})
