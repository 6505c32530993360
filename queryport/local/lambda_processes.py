"""The processes of the local Lambda, each started for one environment. On Linux, lambda_copies.py has cheaper ones."""

import socket
import subprocess
import sys
import time
from typing import Protocol

from queryport.local.handler_log import HandlerLog
from queryport.local.lambda_environment import HANDLER, Process, process_environment

SECONDS_TO_END = 10.0
"""How long a process may take to end before it is killed."""


class Processes(Protocol):
    """A source of processes that wait for their variables."""

    def take(self) -> Process:
        """Return a process, which is the taker's to end."""

    def prepare(self) -> None:
        """Do ahead of time what makes the next process ready sooner."""

    def end(self) -> None:
        """End what nobody has taken, and wait for it."""


class Started:
    """A process that was started."""

    def __init__(self, log: HandlerLog, *arguments: str) -> None:
        self.socket, theirs = socket.socketpair()
        try:
            with theirs, log.open() as output:
                # -P: the current folder may hold a handler/ of its own. A session of its own keeps Ctrl-C away.
                module = [sys.executable, "-P", "-m", "queryport.local.lambda_process"]
                self._process = subprocess.Popen(  # noqa: S603 (our own module)
                    [*module, str(theirs.fileno()), HANDLER, *arguments],
                    env=process_environment(),
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    pass_fds=[theirs.fileno()],
                    start_new_session=True,
                )
        except BaseException:
            self.socket.close()
            raise

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def lives(self) -> bool:
        return self._process.poll() is None

    def started(self, pid: int) -> None:
        """Change nothing: the process is a child of this one."""

    def end(self) -> None:
        self.socket.close()  # without it one that starts ends by itself
        self._process.terminate()
        self._last_moment = time.monotonic() + SECONDS_TO_END

    def wait(self) -> None:
        try:
            self._process.wait(max(0.0, self._last_moment - time.monotonic()))
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


class Starts:
    """Starts a process for each environment, and one ahead of time if a spare is wanted."""

    def __init__(self, log: HandlerLog, *, spare: bool) -> None:
        self._log = log
        self._keeps_spare = spare
        self._spare: Started | None = None

    def take(self) -> Process:
        spare, self._spare = self._spare, None
        if spare is not None:
            if spare.lives:
                return spare
            spare.end()
            spare.wait()
        return Started(self._log)

    def prepare(self) -> None:
        if self._spare is None and self._keeps_spare:
            self._spare = Started(self._log)

    def end(self) -> None:
        if self._spare is not None:
            self._spare.end()
            self._spare.wait()
