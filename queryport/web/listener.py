"""The socket of a server on the developer's machine, opened before the server is: a taken port is then told at once."""

import errno
import resource
import socket

from queryport.console.failure import CommandError

_BACKLOG = 2048
_DESCRIPTORS = 16_384
"""Room for the connections of both sides; the usual 1,024 are few."""

_OF_THE_PORT = (errno.EADDRINUSE, errno.EACCES)
_PORTS_TRIED = 100
_LAST_PORT = 65_535


class PortTakenError(CommandError):
    """A port that cannot be listened on; the message names the option that chooses another, and one that is free."""


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


def listen_by_option(host: str, port: int, option: str) -> socket.socket:
    """Open a listening socket as `listen` does, at a port that an option names. Raises PortTakenError."""
    try:
        return listen(host, port)
    except OSError as error:
        if error.errno not in _OF_THE_PORT:
            raise PortTakenError(f"{host} cannot be listened on ({error.strerror}), at whichever port") from None
        free = next_free(host, port)
        cure = f"choose another with {option}" if free is None else f"choose another, {option} {free} is free"
        raise PortTakenError(f"port {port} cannot be used ({error.strerror}): {cure}") from None


def next_free(host: str, port: int) -> int | None:
    """The next port after `port` that can be listened on; None where a hundred are taken."""
    for other in range(port + 1, min(port + _PORTS_TRIED, _LAST_PORT) + 1):
        try:
            listen(host, other).close()
        except OSError:
            continue
        return other
    return None
