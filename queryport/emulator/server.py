"""The emulator as an object: starts and stops the HTTP server, in a thread with an event loop of its own."""

import asyncio
import contextlib
import socket
import threading
from collections.abc import AsyncIterator, Callable
from typing import Self

import uvicorn

from queryport.emulator.app import application
from queryport.emulator.limits import Limits
from queryport.emulator.service import Service
from queryport.emulator.targets import OneServer

START_SECONDS = 10.0
_SWEEP_SECONDS = 1.0


class EmulatorError(Exception):
    """The emulator could not be started; the message says why."""


class Emulator:
    """A local RDS Data API over a PostgreSQL; use as a context manager or call `start` and `stop`.

    `port` 0 takes a free one; `url` is what AWS_ENDPOINT_URL_RDS_DATA wants.
    """

    def __init__(
        self, database_url: str, *, host: str = "127.0.0.1", port: int = 0, limits: Limits | None = None
    ) -> None:
        self.host = host
        self._wanted_port = port
        self._limits = limits or Limits()
        self._directory = OneServer(database_url)
        self._socket: socket.socket | None = None
        self._thread: threading.Thread | None = None
        self._server: uvicorn.Server | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def port(self) -> int:
        if self._socket is None:
            raise EmulatorError("the emulator is not running: call start() first")
        port: int = self._socket.getsockname()[1]
        return port

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    def start(self) -> None:
        """Raises EmulatorError if the port cannot be had."""
        if self._thread is not None:
            return
        self._socket = _listen(self.host, self._wanted_port)
        started = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(started.set,), name="queryport-emulator", daemon=True)
        self._thread.start()
        if not started.wait(START_SECONDS):
            raise EmulatorError(f"the emulator did not start within {START_SECONDS:.0f} seconds")

    def stop(self) -> None:
        """Ends every open transaction and running statement, and waits until the thread is gone."""
        if self._thread is None or self._server is None or self._socket is None:
            return
        self._server.should_exit = True
        self._server.force_exit = True
        self._thread.join()
        self._socket.close()
        self._thread = self._server = self._socket = None

    def redirect(self, database_url: str) -> None:
        """Calls for the database that the emulator was started with go to this URL's database from now on."""
        self._directory.redirect(database_url)

    def _run(self, started: Callable[[], None]) -> None:
        asyncio.run(self._serve(started))

    async def _serve(self, started: Callable[[], None]) -> None:
        service = Service(self._directory, self._limits)
        config = uvicorn.Config(
            application(service),
            http="httptools",
            log_config=None,
            access_log=False,
            lifespan="off",
            timeout_graceful_shutdown=1,
        )
        self._server = uvicorn.Server(config)
        async with _swept(service):
            started()
            await self._server.serve(sockets=[self._socket] if self._socket else None)


@contextlib.asynccontextmanager
async def _swept(service: Service) -> AsyncIterator[None]:
    """Lets transactions expire and idle sessions close for as long as it lasts, and ends them all in the end."""

    async def sweep() -> None:
        while True:
            await asyncio.sleep(_SWEEP_SECONDS)
            service.sweep()

    task = asyncio.create_task(sweep())
    try:
        yield
    finally:
        task.cancel()
        service.close()


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # With the protocol named, asyncio turns Nagle's delays off for the connections that come in.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as failure:
        listener.close()
        raise EmulatorError(f"port {port} of {host} cannot be had: {failure.strerror}") from failure
    return listener
