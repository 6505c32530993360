"""The loop that makes attempts until one succeeds, with pauses between them. Sends nothing itself."""

import random
import time
from collections.abc import Callable
from typing import NamedTuple, TypeVar

from handler.contract import errors
from handler.contract.errors import Outcome
from handler.data_api.deadline import Deadline
from handler.data_api.failures import Failed, Failure

T = TypeVar("T")


class Backoff(NamedTuple):
    first: float
    longest: float
    attempts: int

    def seconds(self, attempt: int) -> float:
        """Full jitter: anything up to a bound that doubles with each attempt."""
        bound = min(self.longest, self.first * 2 ** (attempt - 1))
        return random.uniform(0, bound)  # noqa: S311 (not a secret)


_COLLISIONS = frozenset({"40001", "40P01"})

USUAL = Backoff(first=0.05, longest=2.0, attempts=4)
# Aurora wakes up in 10 to 30 seconds; a wait of at most five each, so that the call goes on soon after.
WAKING = Backoff(first=1.0, longest=5.0, attempts=30)

NO_TIME = Failure(
    errors.StatementTimeout, Outcome.NOT_EXECUTED, detail="the function had no time left to ask the database"
)


def repeated(attempt: Callable[[], T], may_repeat: Callable[[Failure], bool], collisions: int, deadline: Deadline) -> T:
    """Make attempts until one succeeds, or none may follow. Raises Failed with the last failure.

    `collisions` is the number of times that one is repeated which met another transaction.
    """
    attempts: dict[Backoff, int] = {}
    before: Failure | None = None
    while True:
        try:
            return attempt()
        except Failed as failed:
            # One for which there was no time any more says less than the one before it.
            failure = before if before is not None and failed.failure is NO_TIME else failed.failure
        if failure is before or not may_repeat(failure):
            raise Failed(failure)
        before = failure
        backoff = _backoff(failure, collisions)
        attempts[backoff] = number = attempts.get(backoff, 0) + 1
        pause = backoff.seconds(number)
        if number >= backoff.attempts or pause >= deadline.seconds():
            raise Failed(failure)
        time.sleep(pause)


def _backoff(failure: Failure, collisions: int) -> Backoff:
    if failure.error is errors.DatabaseResuming:
        return WAKING
    if failure.sqlstate in _COLLISIONS:
        return Backoff(USUAL.first, USUAL.longest, collisions + 1)
    return USUAL
