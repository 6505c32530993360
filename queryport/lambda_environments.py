"""The local Lambda: execution environments, each a process of its own that handles one event at a time.

As on AWS, events that come at the same time go to different environments, started when they are needed and then kept; a
new version of the function means new environments, while those of the old one finish what they have. Unlike AWS there
are only a few, and an event that finds all of them busy waits. One spare process is kept that has everything but the
handler imported, so that a save shows soon. What happens inside of a process: lambda_process.py.
"""

import asyncio
import os
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import orjson

from queryport.lambda_process import ERROR, HEADER, INVOKE, VARIABLES

HANDLER = "handler.main.lambda_handler"
REGION = "us-east-1"
ACCOUNT = "123456789012"
FUNCTION_NAME = "queryport"
FUNCTION_ARN = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{FUNCTION_NAME}"

ENVIRONMENTS = 8
FUNCTION_SECONDS = 60.0  # longer than the 45 seconds that the RDS Data API gives a statement
_PAUSE_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a call ended: with the handler's answer, as JSON, or with an error in the form of AWS's runtime client."""

    payload: bytes
    failed: bool


def process_environment() -> dict[str, str]:
    """What Lambda sets, and of this process's own environment all but its AWS account."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return {
        "POWERTOOLS_SERVICE_NAME": FUNCTION_NAME,
        "POWERTOOLS_METRICS_NAMESPACE": "Queryport",
        **inherited,
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        # Profiles of the developer's may name other endpoints, retries or timeouts.
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_LAMBDA_FUNCTION_NAME": FUNCTION_NAME,
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1024",
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{FUNCTION_NAME}",
        "AWS_LAMBDA_LOG_STREAM_NAME": "local",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "_HANDLER": HANDLER,
        "TZ": ":UTC",
        # The emulator is on this machine, whatever proxy the way out needs.
        "NO_PROXY": "127.0.0.1,localhost",
        "no_proxy": "127.0.0.1,localhost",
    }


def operation_variables(catalog: Path, data_api_url: str, database: str) -> dict[str, str]:
    """What the handler must know: its catalogue and where its database is."""
    return {
        "QUERYPORT_CATALOG": str(catalog),
        # Any ARN means the emulator's one server.
        "QUERYPORT_RESOURCE_ARN": f"arn:aws:rds:{REGION}:{ACCOUNT}:cluster:local",
        "QUERYPORT_SECRET_ARN": f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:local",
        "QUERYPORT_DATABASE": database,
        "AWS_ENDPOINT_URL_RDS_DATA": data_api_url,
    }


class LambdaEnvironments:
    """A function with its environments. Everything about it happens on one event loop."""

    def __init__(
        self, variables: Mapping[str, str], log: Path, *, limit: int = ENVIRONMENTS, spare: bool = True
    ) -> None:
        self._keeps_spare = spare
        self._variables = dict(variables)
        self._log = log
        self._limit = limit
        self._version = 0
        self._all: set[_Environment] = set()
        self._idle: list[_Environment] = []
        self._spare: _Process | None = None
        self._starts: set[asyncio.Task[None]] = set()
        self._waiting = 0
        self._paused = False
        self._changed = asyncio.Condition()

    async def invoke(self, event: object, request_id: str | None = None) -> Outcome:
        """Calls the handler with an event, in an environment that has nothing else to do."""
        environment = await self._take()
        answered = False
        try:
            request = {
                "event": event,
                "request_id": request_id or str(uuid.uuid4()),
                "deadline_ms": int((time.time() + FUNCTION_SECONDS) * 1000),
                "function_arn": FUNCTION_ARN,
            }
            async with asyncio.timeout(FUNCTION_SECONDS):
                outcome = await environment.call(orjson.dumps(request))
            answered = True
        except TimeoutError:
            return _error("Sandbox.Timedout", f"Task timed out after {FUNCTION_SECONDS:.2f} seconds")
        finally:
            await self._give_back(environment, usable=answered)
        return outcome

    async def replace(self, variables: Mapping[str, str]) -> None:
        """From now on events go to new environments, which have these variables."""
        self._variables = dict(variables)
        self._version += 1
        async with self._changed:
            while self._idle:
                self._end(self._idle.pop())
            self._start_one()

    async def warm_up(self) -> None:
        """Starts an environment before the first event needs it."""
        async with self._changed:
            if not self._all:
                self._start_one()

    @asynccontextmanager
    async def paused(self) -> AsyncIterator[None]:
        """Holds new events back, and waits a moment for those that are being handled."""
        self._paused = True
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(_PAUSE_SECONDS), self._changed:
                    await self._changed.wait_for(lambda: len(self._idle) + len(self._starts) == len(self._all))
            yield
        finally:
            self._paused = False
            async with self._changed:
                self._changed.notify_all()

    async def close(self) -> None:
        """Ends all environments at once, whatever they are doing."""
        for start in self._starts:
            start.cancel()
        for environment in list(self._all):
            self._end(environment)
        if self._spare is not None:
            self._spare.end()

    async def _take(self) -> "_Environment":
        async with self._changed:
            self._waiting += 1
            try:
                while self._paused or not self._idle:
                    if len(self._starts) < self._waiting and len(self._all) < self._limit:
                        self._start_one()
                    await self._changed.wait()
                return self._idle.pop()  # the one used last, so that one does all the work of a quiet hour
            finally:
                self._waiting -= 1

    async def _give_back(self, environment: "_Environment", *, usable: bool) -> None:
        async with self._changed:
            if usable and not environment.broken and environment.version == self._version:
                self._idle.append(environment)
            else:
                self._end(environment)
            self._changed.notify_all()

    def _start_one(self) -> None:
        process, self._spare = self._spare or _Process(self._log), None
        environment = _Environment(self._version, process)
        self._all.add(environment)
        start = asyncio.create_task(self._start(environment))
        self._starts.add(start)
        start.add_done_callback(self._starts.discard)

    async def _start(self, environment: "_Environment") -> None:
        await environment.import_handler(self._variables)
        async with self._changed:
            if self._spare is None and self._keeps_spare:
                self._spare = _Process(self._log)
            if environment.version == self._version:
                self._idle.append(environment)
            else:
                self._end(environment)
            self._changed.notify_all()

    def _end(self, environment: "_Environment") -> None:
        self._all.discard(environment)
        environment.end()


class _Process:
    """A process that waits for its variables."""

    def __init__(self, log: Path) -> None:
        self.socket, theirs = socket.socketpair()
        with theirs, log.open("ab") as output:
            # -P: the current folder may hold a handler/ of its own. The session of its own keeps Ctrl-C away from it.
            command = [sys.executable, "-P", "-m", "queryport.lambda_process", str(theirs.fileno()), HANDLER]
            self._process = subprocess.Popen(  # noqa: S603 (our own module)
                command,
                env=process_environment(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )

    def end(self) -> None:
        self._process.kill()
        self._process.wait()
        self.socket.close()


class _Environment:
    """A process with the handler in it."""

    def __init__(self, version: int, process: _Process) -> None:
        self.version = version
        self._process = process
        self._import_error: Outcome | None = None
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    @property
    def broken(self) -> bool:
        return self._import_error is not None

    async def import_handler(self, variables: Mapping[str, str]) -> None:
        """Waits until the handler is imported. If that fails, the error is what the first call gets, as on AWS."""
        self._streams = await asyncio.open_connection(sock=self._process.socket)
        self._send(VARIABLES, orjson.dumps(variables))
        outcome = await self._receive()
        self._import_error = outcome if outcome.failed else None

    async def call(self, request: bytes) -> Outcome:
        if self._import_error is not None:
            return self._import_error
        self._send(INVOKE, request)
        return await self._receive()

    def _send(self, kind: int, payload: bytes) -> None:
        assert self._streams is not None  # noqa: S101 (only environments that have started are handed out)
        self._streams[1].write(HEADER.pack(len(payload), kind) + payload)

    async def _receive(self) -> Outcome:
        assert self._streams is not None  # noqa: S101 (see _send)
        reader = self._streams[0]
        try:
            length, kind = HEADER.unpack(await reader.readexactly(HEADER.size))
            return Outcome(await reader.readexactly(length), failed=kind == ERROR)
        except (asyncio.IncompleteReadError, ConnectionError):
            self._import_error = _error("Runtime.ExitError", "the handler's process ended without an answer")
            return self._import_error

    def end(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
        self._process.end()


def _error(name: str, message: str) -> Outcome:
    return Outcome(orjson.dumps({"errorType": name, "errorMessage": message, "stackTrace": []}), failed=True)
