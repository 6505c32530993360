"""Programs of Python's in processes of their own, copied from one that has imported what takes them long.

A `queryport serve` imports for most of the second that its start takes.
"""

import atexit
import json
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import IO, Protocol

_ORIGINAL = Path(__file__).with_name("forked_program.py")


class Program(Protocol):
    """A program that runs: what tests need of subprocess.Popen."""

    pid: int
    stdout: IO[str] | None
    """What it writes, errors included."""
    returncode: int | None

    def poll(self) -> int | None: ...
    def wait(self, timeout: float | None = None) -> int: ...
    def send_signal(self, sig: int, /) -> None: ...
    def kill(self) -> None: ...


def start(
    module: str, arguments: Sequence[object], folder: Path, environment: Mapping[str, str], *, imported: Sequence[str]
) -> Program:
    """Run `python -m MODULE` in a folder, with modules imported beforehand where the system copies processes safely."""
    words = [str(each) for each in arguments]
    if sys.platform != "linux":
        return subprocess.Popen(
            [sys.executable, "-m", module, *words],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
    return _Copy(module, words, folder, environment, _original(tuple(imported)))


@cache
def _original(imported: tuple[str, ...]) -> socket.socket:
    """The socket of the process that has imported these modules; it ends with this one."""
    ours, theirs = socket.socketpair()
    with theirs:
        # -P: the folder of the script is not to be searched for modules.
        process = subprocess.Popen(
            [sys.executable, "-P", _ORIGINAL, str(theirs.fileno()), *imported],
            stdin=subprocess.DEVNULL,
            pass_fds=[theirs.fileno()],
            start_new_session=True,
        )

    def end() -> None:
        ours.close()
        process.wait()

    atexit.register(end)
    return ours


class _Copy:
    def __init__(
        self, module: str, arguments: list[str], folder: Path, environment: Mapping[str, str], original: socket.socket
    ) -> None:
        wanted = {"module": module, "arguments": arguments, "folder": str(folder), "environment": dict(environment)}
        (read, write), (told, tells), nothing = os.pipe(), os.pipe(), os.open(os.devnull, os.O_RDONLY)
        theirs = [nothing, write, write, tells]
        try:
            socket.send_fds(original, [json.dumps(wanted).encode() + b"\n"], theirs)
        finally:
            for each in {*theirs}:
                os.close(each)
        self.stdout: IO[str] | None = os.fdopen(read)
        self.returncode: int | None = None
        self._told = os.fdopen(told)
        begun = self._told.readline()
        assert begun, "the process to copy has ended: see what it wrote to the standard error"
        self.pid = int(begun)

    def poll(self) -> int | None:
        with suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        if self.returncode is None:
            if not select.select([self._told], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired("forked_program.py", timeout or 0.0)
            with self._told:
                self.returncode = int(self._told.readline())
        return self.returncode

    def send_signal(self, sig: int, /) -> None:
        if self.poll() is None:
            os.kill(self.pid, sig)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)
