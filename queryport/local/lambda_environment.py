"""One execution environment of the local Lambda, seen from outside: a process with a function's variables and handler.

Handles one event at a time and tells an answer from an error. lambda_environments.py decides on starts, and hands out
events; lambda_process.py is the inside of a process.
"""

import asyncio
import json
import os
import secrets
import socket
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import orjson

from queryport.aws.local_account import ACCOUNT, REGION
from queryport.local.lambda_process import ERROR, HEADER, INVOKE, VARIABLES

HANDLER = "handler.main.lambda_handler"
FUNCTION_NAME = "queryport"
FUNCTION_ARN = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{FUNCTION_NAME}"


def _new_trace() -> str:
    return f"Root=1-{int(time.time()):08x}-{secrets.token_hex(12)};Parent={secrets.token_hex(8)};Sampled=0"


@dataclass(frozen=True, slots=True)
class LambdaEvent:
    """An event for the function, with what Lambda adds to it."""

    event: object
    """Anything that orjson writes; orjson.Fragment for what is JSON already."""
    request_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    trace: str = field(default_factory=_new_trace)
    """The trace id as X-Ray's header has it; the function's own calls to AWS carry it on."""
    function_arn: str = FUNCTION_ARN

    @property
    def content(self) -> Any:
        """The event as the handler gets it."""
        return orjson.loads(orjson.dumps(self.event)) if isinstance(self.event, orjson.Fragment) else self.event


@dataclass(frozen=True, slots=True)
class InvocationResult:
    """The end of a call, with the handler's answer, as JSON, or with an error in the form of AWS's runtime client."""

    payload: bytes
    failed: bool

    @property
    def error(self) -> dict[str, Any]:
        """The error of a failed call. Its texts may have lone surrogates, which json reads and orjson does not."""
        error: dict[str, Any] = json.loads(self.payload)
        return error


Prepare = Callable[[LambdaEvent], Awaitable[InvocationResult | None]]
"""The step before a version's environment handles an event; an outcome is the call's in the handler's stead."""


async def as_it_is(_: LambdaEvent) -> None:
    """Prepare nothing."""


def process_environment() -> dict[str, str]:
    """The variables that Lambda sets, and those of this process without its AWS account."""
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


class Process(Protocol):
    """A process that waits for its variables; lambda_processes.py and lambda_copies.py make them."""

    socket: socket.socket

    def started(self, pid: int) -> None:
        """Take note of the number by which it calls itself, once it has the handler."""

    @property
    def lives(self) -> bool:
        """Whether it runs, once it has started."""

    def end(self) -> None:
        """Tell the process to end, and wait for nothing."""

    def wait(self) -> None:
        """Wait until the process, which has been told to end, has ended; kill it where it does not."""


class Environment:
    """A process with the handler in it."""

    def __init__(self, version: int, process: Process, prepare: Prepare = as_it_is) -> None:
        self.version = version
        self.prepare = prepare
        self._process = process
        self._import_error: InvocationResult | None = None
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    @property
    def broken(self) -> bool:
        return self._import_error is not None

    @property
    def died(self) -> bool:
        """Whether the process has ended by itself, with the handler in it and nothing to do."""
        return not self.broken and not self._process.lives

    async def import_handler(self, variables: Mapping[str, str]) -> None:
        """Wait until the handler is imported. A failed start is the first call's error, as on AWS."""
        try:
            self._streams = await asyncio.open_connection(sock=self._process.socket)
            self._send(VARIABLES, orjson.dumps(variables))
            outcome = await self._receive()
            if outcome.failed:
                self._import_error = outcome
            else:
                self._process.started(int(outcome.payload))
        except OSError as failure:  # no descriptor is left, for one
            self._import_error = error(
                "Runtime.ExitError", f"the handler's process is out of reach: {failure.strerror}"
            )

    async def call(self, request: bytes) -> InvocationResult:
        if self._import_error is not None:
            return self._import_error
        self._send(INVOKE, request)
        return await self._receive()

    def _send(self, kind: int, payload: bytes) -> None:
        assert self._streams is not None  # noqa: S101 (only environments that have started are handed out)
        self._streams[1].write(HEADER.pack(len(payload), kind) + payload)

    async def _receive(self) -> InvocationResult:
        assert self._streams is not None  # noqa: S101 (see _send)
        reader = self._streams[0]
        try:
            length, kind = HEADER.unpack(await reader.readexactly(HEADER.size))
            return InvocationResult(await reader.readexactly(length), failed=kind == ERROR)
        except (asyncio.IncompleteReadError, ConnectionError):
            self._import_error = error("Runtime.ExitError", "the handler's process ended without an answer")
            return self._import_error

    def end(self) -> None:
        """Tell the process to end; a call that it has fails."""
        if self._streams is not None:
            self._streams[1].close()
        self._process.end()

    def wait(self) -> None:
        """Wait until the process has ended, in a thread that may wait."""
        self._process.wait()


def error(name: str, message: str) -> InvocationResult:
    """An error that the runtime itself makes, not the handler."""
    return InvocationResult(orjson.dumps({"errorType": name, "errorMessage": message, "stackTrace": []}), failed=True)
