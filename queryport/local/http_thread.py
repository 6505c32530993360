"""Serves an ASGI application from a thread of its own, so that the main thread stays free for signals and files.

The caller opens the socket, and so learns at once if the port is taken.
"""

import asyncio
import socket
import threading
from collections.abc import Awaitable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from typing import Self, TypeVar

import uvicorn
from starlette.types import ASGIApp

from queryport.web.loop_thread import LoopThread
from queryport.web.persistent_http import PersistentHttp

ADDRESS = "127.0.0.1"

_SECONDS_FOR_ANSWERS = 1.0
_MOST_SECONDS_TO_END = 10
"""The seconds after which a task is cancelled whose connection has been cut off."""

T = TypeVar("T")


class HttpThread:
    """The server; use as a context manager."""

    def __init__(self, application: ASGIApp, listener: socket.socket) -> None:
        config = uvicorn.Config(
            application,
            http=PersistentHttp,
            ws="none",
            lifespan="off",
            log_config=None,
            log_level="error",
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=_MOST_SECONDS_TO_END,
        )
        self._server = _ThreadedServer(config)
        self._listener = listener
        self._thread = LoopThread("http", self._serve, self._ask_to_end)

    def __enter__(self) -> Self:
        self._thread.start()
        self._server.ready.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.stop()

    def run(self, awaitable: Awaitable[T]) -> T:
        """Run something on the server's event loop and wait for it."""
        return asyncio.run_coroutine_threadsafe(_awaited(awaitable), self._server.loop).result()

    @contextmanager
    def held(self, context: AbstractAsyncContextManager[None]) -> Iterator[None]:
        """Hold a context of the event loop's for the length of a with block."""
        self.run(context.__aenter__())
        try:
            yield
        finally:
            self.run(context.__aexit__(None, None, None))

    async def _serve(self) -> None:
        await self._server.serve(sockets=[self._listener])

    def _ask_to_end(self) -> None:
        self._server.should_exit = True


async def _awaited(awaitable: Awaitable[T]) -> T:
    return await awaitable


class _ThreadedServer(uvicorn.Server):
    loop: asyncio.AbstractEventLoop

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self.loop = asyncio.get_running_loop()
        await super().startup(sockets)
        self.ready.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let what is answered already be sent, and cut off the rest, for example an upload that stands still.

        uvicorn cancels it, and complains of that.
        """
        cut = self.loop.call_later(_SECONDS_FOR_ANSWERS, self._cut_off)
        await super().shutdown(sockets)
        cut.cancel()

    def _cut_off(self) -> None:
        for connection in list(self.server_state.connections):
            if isinstance(connection, PersistentHttp):
                connection.transport.abort()
