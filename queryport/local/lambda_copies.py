"""The processes of the local Lambda, copied from one that has everything but the handler imported.

A copy (`fork`) takes milliseconds and shares the original's memory, where a start takes a third of a second of a
processor. It is a child of the original and none of this process's, which therefore tells it to end by a descriptor
that never means another process (`pidfd`, of Linux 5.3 and newer).
"""

import os
import select
import signal
import socket
import sys
import time
from contextlib import suppress

from queryport.local.handler_log import HandlerLog
from queryport.local.lambda_environment import Process
from queryport.local.lambda_process import COPIED
from queryport.local.lambda_processes import SECONDS_TO_END, Started

assert sys.platform == "linux"  # noqa: S101 (tells mypy what there is)


def can_copy() -> bool:
    """Return whether this Linux has descriptors of processes, and this Python, which may be built for an older one."""
    try:
        descriptor = os.pidfd_open(os.getpid())
        signal.pidfd_send_signal(descriptor, 0)
    except (AttributeError, OSError):
        return False
    os.close(descriptor)
    return True


class Copy:
    """A copied process."""

    def __init__(self) -> None:
        self.socket, self.theirs = socket.socketpair()
        self._descriptor: int | None = None

    def started(self, pid: int) -> None:
        """Take note of the process by a descriptor; it waits for an event meanwhile, so the number is still its own."""
        with suppress(ProcessLookupError):  # it has been killed
            self._descriptor = os.pidfd_open(pid)

    @property
    def lives(self) -> bool:
        return self._descriptor is not None and not _ended(self._descriptor, 0.0)

    def end(self) -> None:
        self.socket.close()  # without it one that starts ends by itself
        self._signal(signal.SIGTERM)
        self._last_moment = time.monotonic() + SECONDS_TO_END

    def wait(self) -> None:
        if self._descriptor is None:
            return
        if not _ended(self._descriptor, max(0.0, self._last_moment - time.monotonic())):
            self._signal(signal.SIGKILL)
            _ended(self._descriptor, None)
        os.close(self._descriptor)
        self._descriptor = None

    def _signal(self, number: signal.Signals) -> None:
        if self._descriptor is not None:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._descriptor, number)


def _ended(descriptor: int, seconds: float | None) -> bool:
    ended = select.poll()
    ended.register(descriptor, select.POLLIN)
    return bool(ended.poll(None if seconds is None else seconds * 1000))


class Copies:
    """Has one process copied for each environment."""

    def __init__(self, log: HandlerLog) -> None:
        self._log = log
        self._original: Started | None = None

    def take(self) -> Process:
        copy = Copy()
        try:
            with copy.theirs:
                try:
                    self._ask_for(copy)
                except ConnectionError:  # the original has died
                    self._end_original()
                    self._ask_for(copy)
        except BaseException:
            copy.socket.close()
            raise
        return copy

    def prepare(self) -> None:
        """Do nothing: the original waits already."""

    def end(self) -> None:
        """End the original, and with it the copies that have not started."""
        if self._original is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._original.pid, signal.SIGTERM)
            self._end_original()

    def _end_original(self) -> None:
        if self._original is not None:
            self._original.end()
            self._original.wait()
            self._original = None

    def _ask_for(self, copy: Copy) -> None:
        if self._original is None:
            self._original = Started(self._log, COPIED)
        with self._log.open() as output:  # each has the file that is there now, as one that is started
            socket.send_fds(self._original.socket, [b"c"], [copy.theirs.fileno(), output.fileno()])
