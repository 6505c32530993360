"""The emulator as an object: starts and stops the HTTP server, in a thread with an event loop of its own."""

import asyncio
import contextlib
import socket
import threading
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from functools import partial
from typing import Self, cast

import uvicorn

from queryport.console.failure import CommandError
from queryport.emulator.calls.faults import Faults
from queryport.emulator.calls.log import CallLog, DatabaseReport
from queryport.emulator.calls.served import ServedCalls
from queryport.emulator.http.app import EmulatorApplication
from queryport.emulator.http.control import control_routes
from queryport.emulator.http.operations import PATHS, ServedOperation
from queryport.emulator.http.protocol import HttpProtocol
from queryport.emulator.http.secrets_manager import Secrets, secrets_route
from queryport.emulator.limits import Limits
from queryport.emulator.service import Service
from queryport.emulator.sessions.clusters import Clusters, DeclaredClusters
from queryport.emulator.sessions.targets import Directory, OneServer
from queryport.web.listener import listen
from queryport.web.loop_thread import LoopThread
from queryport.web.pages import NOTHING_MORE, Allowed, Pages, with_cors

START_SECONDS = 10.0
_SWEEP_SECONDS = 1.0
_KEEP_ALIVE_SECONDS = 60
_LAST_WORDS_SECONDS = 0.1


class EmulatorError(CommandError):
    """The emulator could not be started; the message says why."""


def _ignore(_: DatabaseReport) -> None:
    pass


class Emulator:
    """A local RDS Data API over a PostgreSQL; use as a context manager or call `start` and `stop`.

    `port` 0 takes a free one; `url` is what AWS_ENDPOINT_URL_RDS_DATA wants. Without `clusters` any ARN will do.
    A call that names no database goes to `unnamed_database`, or to the one that is called like the URL's user.
    `observe` is told of every call that PostgreSQL refuses, in the emulator's thread.
    Web pages are refused but those of `allowed`. `check_region` refuses ARNs of another region than the signature's.
    `secrets` are those that it answers for as Secrets Manager; AWS_ENDPOINT_URL_SECRETS_MANAGER then takes `url`, too.
    `faults` and `log` may be used at any time, from any thread.
    """

    def __init__(
        self,
        database_url: str,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        limits: Limits | None = None,
        clusters: Clusters | None = None,
        allowed: Allowed = NOTHING_MORE,
        unnamed_database: str | None = None,
        check_region: bool = False,
        secrets: Secrets | None = None,
        observe: Callable[[DatabaseReport], None] = _ignore,
    ) -> None:
        self.host = host
        self.database_url = database_url
        self.faults = Faults()
        self.log = CallLog()
        self._wanted_port = port
        self._limits = limits or Limits()
        self._allowed = allowed
        self._check_region = check_region
        self._secrets = secrets
        self._observe = observe
        self._directory: Directory = (
            OneServer(database_url, unnamed_database) if clusters is None else DeclaredClusters(clusters, database_url)
        )
        self._socket: socket.socket | None = None
        self._thread: LoopThread | None = None
        self._running: _Serving | None = None
        self._stopping = threading.Lock()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def port(self) -> int:
        port: int = self._listener().getsockname()[1]
        return port

    @property
    def url(self) -> str:
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104 (no client's address)
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"

    def start(self) -> None:
        """Start the server. Raises EmulatorError if the port cannot be had."""
        if self._thread is not None:
            return
        try:
            self._socket = listen(self.host, self._wanted_port)
        except OSError as failure:
            raise EmulatorError(
                f"port {self._wanted_port} of {self.host} cannot be had: {failure.strerror}"
            ) from failure
        started = threading.Event()
        self._thread = LoopThread("queryport-emulator", partial(self._serve, started), self._ask_to_end)
        self._thread.start()
        if not started.wait(START_SECONDS):
            raise EmulatorError(f"the emulator did not start within {START_SECONDS:.0f} seconds")

    def stop(self) -> None:
        """End every open transaction and running statement, and wait until the thread is gone."""
        with self._stopping:
            if self._thread is None or self._running is None:
                return
            self._thread.stop()
            self._listener().close()
            self._thread = self._running = self._socket = None

    def wait(self) -> None:
        """Wait until the emulator has stopped."""
        if self._thread is not None:
            self._thread.wait()

    def _listener(self) -> socket.socket:
        if self._socket is None:
            raise _not_running()
        return self._socket

    def redirect(self, database_url: str) -> None:
        """New calls for the database that the emulator was started with go to this URL's; open transactions stay."""
        self.database_url = database_url
        self._directory.redirect(database_url)
        if self._running is not None:
            self._running.loop.call_soon_threadsafe(self._running.service.pool.close_idle)

    def status(self) -> dict[str, int]:
        """Count what is open: PostgreSQL sessions, those of them that are idle, and transactions."""
        if self._running is None:
            raise _not_running()
        return self._running.service.status()

    def _ask_to_end(self) -> None:
        if self._running is not None:
            self._running.server.should_exit = True
            self._running.server.force_exit = True

    async def _serve(self, started: threading.Event) -> None:
        service = Service(self._directory, self._limits)
        control = control_routes(self.faults, self.log, service.status)
        if self._secrets is not None:
            control.append(secrets_route(self._secrets))
        calls = ServedCalls(service, self.faults, self.log, self._observe, check_region=self._check_region)
        operations = {path: ServedOperation(calls, name, self._limits.request_bytes) for path, name in PATHS.items()}
        pages = Pages(EmulatorApplication(operations, control), self.host, self._allowed)
        by_target = {path.encode(): operation for path, operation in operations.items()}
        server = uvicorn.Server(
            uvicorn.Config(
                with_cors(pages, self._allowed),
                http=cast("type[HttpProtocol]", partial(HttpProtocol, by_target, pages)),  # it is called, and no more
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                proxy_headers=False,
                server_header=False,
                timeout_keep_alive=_KEEP_ALIVE_SECONDS,
            )
        )
        self._running = _Serving(service, server, asyncio.get_running_loop())
        async with _swept(service):
            started.set()
            await server.serve(sockets=[self._listener()])
        await _cut_off(server)


@dataclass(frozen=True, slots=True)
class _Serving:
    """The parts that live in the emulator's thread."""

    service: Service
    server: uvicorn.Server
    loop: asyncio.AbstractEventLoop


def _not_running() -> EmulatorError:
    return EmulatorError("the emulator is not running: call start() first")


async def _cut_off(server: uvicorn.Server) -> None:
    """Let the calls that were ended say so, and abort what waits for a client to read: to cancel it does not end it."""
    connections = [each for each in server.server_state.connections if isinstance(each, HttpProtocol)]
    if any(each.is_at_work for each in connections):
        await asyncio.sleep(_LAST_WORDS_SECONDS)
    for connection in connections:
        connection.transport.abort()


@contextlib.asynccontextmanager
async def _swept(service: Service) -> AsyncIterator[None]:
    """Let transactions expire and idle sessions close for the length of a with block, and end them all behind it."""
    interval = min(_SWEEP_SECONDS, service.limits.transaction_idle_seconds / 4)

    async def sweep() -> None:
        while True:
            await asyncio.sleep(interval)
            service.sweep()

    task = asyncio.create_task(sweep())
    try:
        yield
    finally:
        task.cancel()
        service.close()
