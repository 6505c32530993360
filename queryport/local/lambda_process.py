"""One execution environment of the local Lambda, seen from inside: a process that imports the handler and calls it.

Started by lambda_environment.py as `python -m queryport.local.lambda_process FD PACKAGE.MODULE.FUNCTION`. Speaks over
the socket FD: a frame is a length, a kind and a payload. The first one brings the function's own variables, and the
handler is imported then; until it comes, the process waits with the handler's dependencies imported. Does what AWS's
runtime client does with events, answers and errors, and no more; it holds one event at a time and ends when the socket
does.

With a third argument, `copied`, the process is no environment itself: FD brings sockets, each with the file for its
log, and for each of them it makes a copy of itself, which is one.
"""

import gc
import importlib
import json
import os
import pkgutil
import signal
import socket
import struct
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

from queryport import handler_package

HEADER = struct.Struct(">IB")

VARIABLES, READY, INVOKE, RESULT, ERROR = range(5)
"""The kinds of frames. READY, with the process's number, and ERROR also answer the import of the handler."""

COPIED = "copied"


class LambdaContext:
    """The second argument of a handler, as AWS's runtime client makes it."""

    def __init__(self, request_id: str, deadline_ms: int, function_arn: str) -> None:
        self.aws_request_id = request_id
        self.invoked_function_arn = function_arn
        self.function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = os.environ["AWS_LAMBDA_FUNCTION_VERSION"]
        self.memory_limit_in_mb = os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.log_group_name = os.environ["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]
        self.client_context = None
        self.identity = SimpleNamespace(cognito_identity_id=None, cognito_identity_pool_id=None)
        self.tenant_id = None
        self._deadline_ms = deadline_ms

    def get_remaining_time_in_millis(self) -> int:
        return max(0, self._deadline_ms - int(time.time() * 1000))

    def log(self, message: str) -> None:
        sys.stdout.write(message)


def failure(error: BaseException, request_id: str) -> bytes:
    """The error as AWS's runtime client reports it: the class's bare name, the message, the frames."""
    frames = traceback.extract_tb(error.__traceback__)
    inner = [frame for frame in frames if frame.filename != __file__] or frames
    return json.dumps(
        {
            "errorMessage": str(error),
            "errorType": type(error).__name__,
            "requestId": request_id,
            "stackTrace": traceback.format_list(inner),
        }
    ).encode()


def _marshalled(answer: Any) -> bytes:
    return answer if isinstance(answer, bytes) else json.dumps(answer, ensure_ascii=False).encode()


def _invoke(handler: Callable[[Any, LambdaContext], Any], payload: bytes) -> tuple[int, bytes]:
    call = json.loads(payload)
    request_id = call["request_id"]
    os.environ["_X_AMZN_TRACE_ID"] = call["trace"]
    context = LambdaContext(request_id, call["deadline_ms"], call["function_arn"])
    try:
        return RESULT, _marshalled(handler(call["event"], context))
    except Exception as error:  # noqa: BLE001 (as in Lambda: whatever a handler raises is the answer)
        return ERROR, failure(error, request_id)


def _receive(channel: socket.socket) -> bytes | None:
    header = _exactly(channel, HEADER.size)
    return None if header is None else _exactly(channel, HEADER.unpack(header)[0])


def _exactly(channel: socket.socket, count: int) -> bytes | None:
    received = bytearray()
    while len(received) < count:
        piece = channel.recv(count - len(received))
        if not piece:
            return None
        received += piece
    return bytes(received)


def _send(channel: socket.socket, kind: int, payload: bytes) -> None:
    channel.sendall(HEADER.pack(len(payload), kind) + payload)


def _import_beside(module: str) -> None:
    """Import what lies beside the handler's module, and with it all that the handler needs: most of a cold start."""
    package = importlib.import_module(module.rpartition(".")[0])
    for beside in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
        if beside.name != module:
            importlib.import_module(beside.name)


def copies(descriptor: int, handler_name: str) -> None:
    """Make a copy of this process for each socket that comes, until no more can; a copy returns when its own ends."""
    with suppress(Exception):  # an import that fails does so again in the copies, which tell of it
        _import_beside(handler_name.rpartition(".")[0])
    gc.freeze()  # so that no collection writes to the memory that the copies share
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # a copy that has ended is gone at once
    with socket.socket(fileno=descriptor) as asked:
        while received := socket.recv_fds(asked, 1, 2)[1]:
            brought, log = received
            if os.fork() == 0:
                asked.close()
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                for output in (sys.stdout, sys.stderr):
                    os.dup2(log, output.fileno())
                os.close(log)
                environment(brought, handler_name)
                return
            os.close(brought)
            os.close(log)


def environment(descriptor: int, handler_name: str) -> None:
    """Answer the events that a socket brings, until it ends."""
    channel = socket.socket(fileno=descriptor)
    module, _, function = handler_name.rpartition(".")
    try:
        _import_beside(module)
        variables = _receive(channel)
        if variables is None:
            return
        os.environ.update(json.loads(variables))
        handler = getattr(importlib.import_module(module), function)
    except Exception as error:  # noqa: BLE001 (whatever the import raises is reported, and the environment ends)
        _send(channel, ERROR, failure(error, ""))
        return
    _send(channel, READY, str(os.getpid()).encode())
    while (payload := _receive(channel)) is not None:
        _send(channel, *_invoke(handler, payload))
        sys.stdout.flush()


if __name__ == "__main__":
    handler_package.pin()
    # Ctrl-C is for the tool, which ends its environments itself.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # A tool that is being stopped ignores these, and what it starts then would as well.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    be = copies if sys.argv[3:] == [COPIED] else environment
    with suppress(ConnectionError):  # the tool has no more use for an answer
        be(int(sys.argv[1]), sys.argv[2])
