"""Tells while a statement waits for a lock which session holds it: without that, a stuck migration explains nothing."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

from queryport.console.failure import CommandError
from queryport.console.progress import Progress
from queryport.diagnostics.refusal import Refusal

_FIRST_LOOK_SECONDS = 3.0
_LOOK_SECONDS = 2.0

BLOCKER = """
    SELECT pid, coalesce(state, 'of another user'), coalesce(extract(epoch FROM now() - state_change)::int, 0),
           coalesce(left(regexp_replace(query, '\\s+', ' ', 'g'), 60), '')
    FROM unnest(pg_blocking_pids(:pid::int)) AS blocking (pid) JOIN pg_stat_activity USING (pid)
    ORDER BY state_change LIMIT 1
"""
"""The session that a process waits for: its pid, state, the seconds in that state, and the text of its statement."""


class Blockers:
    """The session that a statement waits for, shown as long as it does."""

    def __init__(self, ask: Callable[[], Sequence[Sequence[Any]]], progress: Progress) -> None:
        """`ask` runs BLOCKER."""
        self._ask = ask
        self._progress = progress
        self._shown: int | None = None
        self._showing = ExitStack()

    def look(self) -> None:
        rows = self._ask()
        pid = rows[0][0] if rows else None
        if pid == self._shown:
            return
        self.close()
        self._shown = pid
        if rows:
            _, state, seconds, query = rows[0]
            holder = f"process {pid} ({state} for {seconds} s: {query})"
            self._showing.enter_context(self._progress(f"Waiting for a lock that {holder} holds"))

    def close(self) -> None:
        self._showing.close()
        self._shown = None


@contextmanager
def watched(blockers: Blockers) -> Iterator[None]:
    """Look now and then, from a thread, while a with block waits for its statement."""
    done = threading.Event()

    def watch() -> None:
        pause = _FIRST_LOOK_SECONDS
        try:
            while not done.wait(pause):
                pause = _LOOK_SECONDS
                blockers.look()
        except (CommandError, Refusal):
            pass  # the statement goes on without an explanation
        finally:
            blockers.close()

    thread = threading.Thread(target=watch, name="blockers", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
