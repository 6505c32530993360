"""Ends a command in good order when it is told to: Ctrl-C, `kill` and a closed terminal all become KeyboardInterrupt.

Only the first one does. A command that is clearing up is left alone: a server and processes left behind are worse than
the moment it takes.
"""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

_held = 0
_came = False


def install() -> None:
    """Take over the signals of this process; to be called from the main thread."""
    for number in STOPPING:
        signal.signal(number, _stop)


@contextmanager
def held_back() -> Iterator[None]:
    """Hold signals back for a with block that must not be left half done; in a thread there are none."""
    global _held
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    _held += 1
    try:
        yield
    finally:
        _held -= 1
    if _came and not _held:
        raise KeyboardInterrupt


def _stop(_number: int, _frame: FrameType | None) -> None:
    global _came
    for number in STOPPING:
        signal.signal(number, signal.SIG_IGN)
    _came = True
    if not _held:
        raise KeyboardInterrupt
