"""The socket of a server on the developer's machine, opened before the server is: a taken port is then told at once."""

import resource
import socket

_BACKLOG = 2048
_DESCRIPTORS = 16_384
"""Room for the connections of both sides; the usual 1,024 are few."""

_PORTS_TRIED = 100
_LAST_PORT = 65_535


def allow_many_connections() -> None:
    """Raise this process's limit of open files as far as the system lets it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _DESCRIPTORS if hard == resource.RLIM_INFINITY else min(_DESCRIPTORS, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def listen(host: str, port: int) -> socket.socket:
    """Open a listening socket; port 0 is any free one. Raises OSError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # With the protocol named, asyncio turns Nagle's delays off for the connections that come in.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(_BACKLOG)  # from here on clients may connect, and wait until the server is up
    except OSError:
        listener.close()
        raise
    return listener


def next_free(host: str, port: int) -> int | None:
    """The next port after `port` that can be listened on; None where a hundred are taken."""
    for other in range(port + 1, min(port + _PORTS_TRIED, _LAST_PORT) + 1):
        try:
            listen(host, other).close()
        except OSError:
            continue
        return other
    return None
