"""The socket of a server on the developer's machine, opened before the server is: a taken port is then told at once."""

import socket

_BACKLOG = 2048


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
