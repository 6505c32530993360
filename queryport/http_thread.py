"""Serves an ASGI application from a thread of its own, so that the main thread stays free for signals and files.

The caller opens the socket, and so learns at once if the port is taken.
"""

import asyncio
import socket
import threading
from collections.abc import Coroutine
from typing import Any, Self, TypeVar

import uvicorn
from starlette.types import ASGIApp

T = TypeVar("T")


class PortTakenError(Exception):
    """A port that cannot be listened on; the message names the option that chooses another."""


def listen(port: int, option: str) -> socket.socket:
    """A listening socket on this machine alone; port 0 is any free one. Raises PortTakenError."""
    try:
        return socket.create_server(("127.0.0.1", port))
    except OSError as error:
        raise PortTakenError(f"port {port} cannot be used ({error.strerror}): choose another with {option}") from None


class HttpThread:
    """The server; use as a context manager."""

    def __init__(self, application: ASGIApp, listener: socket.socket) -> None:
        config = uvicorn.Config(
            application,
            http="h11",
            ws="none",
            lifespan="off",
            log_config=None,
            log_level="error",
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=1,
        )
        self._server = _Server(config)
        self._listener = listener
        self._thread = threading.Thread(target=self._serve, name="http", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._server.ready.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join()

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Runs a coroutine on the server's event loop and waits for it."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._server.loop).result()

    def _serve(self) -> None:
        asyncio.run(self._server.serve(sockets=[self._listener]))


class _Server(uvicorn.Server):
    loop: asyncio.AbstractEventLoop

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self.loop = asyncio.get_running_loop()
        await super().startup(sockets)
        self.ready.set()
