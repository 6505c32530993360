"""The last calls, for tests that want to see what a client really sent. Values of parameters are not kept."""

from collections import deque
from collections.abc import Iterator
from typing import NamedTuple

from queryport.emulator.errors import PostgresFailure

KEPT = 1000


class Call(NamedTuple):
    """One answered call."""

    at: float
    """Seconds since 1970."""
    operation: str
    sql: str | None
    parameters: tuple[dict[str, str], ...]
    """Name, kind of value and type hint of each; of a batch, those of the first set."""
    parameter_sets: int | None
    transaction: bool
    outcome: str
    """`OK`, an error's code, or `Dropped`."""
    message: str | None
    seconds: float
    fault: str | None
    """The kind of fault that hit the call."""


class DatabaseReport(NamedTuple):
    """PostgreSQL's report of a call that it refused."""

    trace: str | None
    """The header X-Amzn-Trace-Id of the call: a Lambda function's calls have that of its own call."""
    sql: str | None
    failure: PostgresFailure


class CallLog:
    def __init__(self) -> None:
        self._calls: deque[Call] = deque(maxlen=KEPT)

    def add(self, call: Call) -> None:
        self._calls.append(call)

    def clear(self) -> None:
        self._calls.clear()

    def __iter__(self) -> Iterator[Call]:
        """Oldest first."""
        return iter(list(self._calls))

    def listed(self, last: int = KEPT) -> list[dict[str, object]]:
        return [call._asdict() for call in list(self._calls)[-last:]] if last else []
