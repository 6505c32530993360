"""The time that a call has left, as AWS counts it for the function."""

from collections.abc import Callable

# Kept back, to tell the caller what happened before Lambda ends the process.
_RESERVE_SECONDS = 0.5


class Deadline:
    """The moment by which the call must have come to an end."""

    def __init__(self, remaining_milliseconds: Callable[[], int]) -> None:
        self._remaining_milliseconds = remaining_milliseconds

    def seconds(self) -> float:
        """What is left for waiting on others."""
        return self._remaining_milliseconds() / 1000 - _RESERVE_SECONDS
