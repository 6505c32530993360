"""The local Lambda: its execution environments, and which of them gets an event.

As on AWS, events that come at the same time go to different environments, started when they are needed and then kept; a
new version of the function means new environments, while those of the old one finish what they have. Unlike AWS there
are only a few, and an event that finds all of them busy waits.
"""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import orjson

from queryport.aws.local_account import RESOURCE_ARN, SECRET_ARN
from queryport.local.handler_log import HandlerLog
from queryport.local.lambda_environment import (
    Environment,
    InvocationResult,
    LambdaEvent,
    Prepare,
    as_it_is,
    error,
)
from queryport.local.lambda_processes import Processes, Starts

Invoke = Callable[[LambdaEvent], Awaitable[InvocationResult]]

ENVIRONMENTS = 8
FUNCTION_SECONDS = 60.0  # longer than the 45 seconds that the RDS Data API gives a statement
_PAUSE_SECONDS = 2.0


class FunctionClosedError(Exception):
    """The function is being ended, and calls of it with it."""


def operation_variables(catalog: Path, data_api_url: str, database: str) -> dict[str, str]:
    """The variables that tell the handler its catalogue and its database."""
    return {
        "QUERYPORT_CATALOG": str(catalog),
        "QUERYPORT_RESOURCE_ARN": RESOURCE_ARN,
        "QUERYPORT_SECRET_ARN": SECRET_ARN,
        "QUERYPORT_DATABASE": database,
        "AWS_ENDPOINT_URL_RDS_DATA": data_api_url,
    }


class LambdaEnvironments:
    """A function with its environments. Everything about it happens on one event loop."""

    def __init__(
        self,
        variables: Mapping[str, str],
        log: Path,
        prepare: Prepare = as_it_is,
        *,
        limit: int = ENVIRONMENTS,
    ) -> None:
        self._variables = dict(variables)
        self._prepare = prepare
        self._log = HandlerLog(log)
        self._processes = _processes(self._log, many=limit > 1)
        self._limit = limit
        self._version = 0
        self._all: set[Environment] = set()
        self._idle: list[Environment] = []
        self._starts: set[asyncio.Task[None]] = set()
        self._waiting = 0
        self._paused = False
        self._closed = False
        self._ends: set[asyncio.Task[None]] = set()
        self._changed = asyncio.Condition()

    async def invoke(self, event: LambdaEvent) -> InvocationResult:
        """Call the handler with an event, in an environment that has nothing else to do. Raises FunctionClosedError."""
        try:
            async with asyncio.timeout(FUNCTION_SECONDS):
                environment = await self._take()
        except TimeoutError:  # an OSError too
            return _timed_out()
        except OSError as failure:  # no descriptor is left, for one
            return error("Runtime.ExitError", f"no process for the handler can be started: {failure.strerror}")
        answered = False
        try:
            instead = await environment.prepare(event)
            if instead is not None:
                answered = True
                return instead
            request = {
                "event": event.event,
                "request_id": event.request_id,
                "trace": event.trace,
                "deadline_ms": int((time.time() + FUNCTION_SECONDS) * 1000),
                "function_arn": event.function_arn,
            }
            async with asyncio.timeout(FUNCTION_SECONDS):
                outcome = await environment.call(orjson.dumps(request))
            if self._closed and environment.broken:
                raise FunctionClosedError
            answered = True
        except TimeoutError:
            return _timed_out()
        finally:
            await self._give_back(environment, usable=answered)
            with suppress(OSError):  # the next call tries again
                self._log.rotate()
        return outcome

    async def replace(self, variables: Mapping[str, str], prepare: Prepare = as_it_is) -> None:
        """From now on events go to new environments, which have these variables; `prepare` goes before each event."""
        self._variables = dict(variables)
        self._prepare = prepare
        self._version += 1
        async with self._changed:
            while self._idle:
                self._end(self._idle.pop())
            self._start_ahead()

    async def warm_up(self) -> None:
        """Start an environment before the first event needs it."""
        async with self._changed:
            if not self._all:
                self._start_ahead()

    @asynccontextmanager
    async def paused(self) -> AsyncIterator[None]:
        """Hold new events back, and wait a moment for those that are being handled."""
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
        """End all environments at once, whatever they are doing; calls that wait for one raise FunctionClosedError."""
        async with self._changed:
            self._closed = True
            for start in self._starts:
                start.cancel()
            self._idle.clear()
            for environment in list(self._all):
                self._end(environment)
            self._changed.notify_all()
        await asyncio.gather(asyncio.to_thread(self._processes.end), *self._ends)

    async def _take(self) -> Environment:
        async with self._changed:
            for died in [environment for environment in self._idle if environment.died]:
                self._idle.remove(died)
                self._end(died)
            self._waiting += 1
            try:
                while self._paused or not self._idle:
                    if self._closed:
                        raise FunctionClosedError
                    if len(self._starts) < self._waiting and len(self._all) < self._limit:
                        self._start_one()
                    await self._changed.wait()
                return self._idle.pop()  # the one used last, so that one does all the work of a quiet hour
            finally:
                self._waiting -= 1

    async def _give_back(self, environment: Environment, *, usable: bool) -> None:
        async with self._changed:
            if usable and environment in self._all and not environment.broken and environment.version == self._version:
                self._idle.append(environment)
            else:
                self._end(environment)
            self._changed.notify_all()

    def _start_ahead(self) -> None:
        if not self._closed:
            with suppress(OSError):  # the first event tries again, and is told why not
                self._start_one()

    def _start_one(self) -> None:
        environment = Environment(self._version, self._processes.take(), self._prepare)
        self._all.add(environment)
        self._starts.add(asyncio.create_task(self._start(environment)))

    async def _start(self, environment: Environment) -> None:
        await environment.import_handler(self._variables)
        async with self._changed:
            # Before the calls that wait are woken, which count what is still to come.
            self._starts -= {asyncio.current_task()}
            with suppress(OSError):  # the next start does without, or is told why not
                self._processes.prepare()
            if environment.version == self._version:
                self._idle.append(environment)
            else:
                self._end(environment)
            self._changed.notify_all()

    def _end(self, environment: Environment) -> None:
        if environment not in self._all:  # it has been told to end with all the others
            return
        self._all.remove(environment)
        environment.end()
        end = asyncio.create_task(asyncio.to_thread(environment.wait))
        self._ends.add(end)
        end.add_done_callback(self._ends.discard)


def _timed_out() -> InvocationResult:
    return error("Sandbox.Timedout", f"Task timed out after {FUNCTION_SECONDS:.2f} seconds")


def _processes(log: HandlerLog, *, many: bool) -> Processes:
    """The source of processes that costs least, for several environments or for one alone."""
    if many and sys.platform == "linux":
        from queryport.local.lambda_copies import Copies, can_copy

        if can_copy():
            return Copies(log)
    return Starts(log, spare=many)
