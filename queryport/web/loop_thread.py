"""Runs an event loop in a thread of its own, and ends it before Python ends.

A loop of uvloop's that still runs while Python ends crashes the process.
"""

import asyncio
import atexit
import threading
from collections.abc import Callable, Coroutine
from typing import Any

import uvloop

_LONGEST_END_SECONDS = 10.0


class LoopThread:
    """A thread that runs one coroutine; that of a program which does not stop it is stopped with the program."""

    def __init__(self, name: str, main: Callable[[], Coroutine[Any, Any, None]], ask: Callable[[], None]) -> None:
        """`main` makes the coroutine, and `ask` has it end, called from any thread."""
        self._main = main
        self._ask = ask
        self._has_ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        atexit.register(self._end_with_program)
        self._thread.start()

    def stop(self) -> None:
        """Have the coroutine end, and wait until the thread is gone."""
        self._ask()
        self.wait()
        self._thread.join()
        atexit.unregister(self._end_with_program)

    def wait(self, seconds: float | None = None) -> None:
        """Wait until the coroutine has ended, at most some seconds."""
        # Thread.join, interrupted by Ctrl-C, takes a thread that runs on for one that has ended: CPython's issue 90882.
        if self._thread.is_alive():  # in a fork it is not
            self._has_ended.wait(seconds)

    def _end_with_program(self) -> None:
        self._ask()
        self.wait(_LONGEST_END_SECONDS)

    def _run(self) -> None:
        try:
            # asyncio's own loop, out of file descriptors, tries and complains thousands of times a second.
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                runner.run(self._main())
        finally:
            self._has_ended.set()
