"""The moment by which a call must have come to an end, kept in one place from the adapter to the socket."""

from collections.abc import Callable

# Kept back from the function's remaining time, to tell the caller what happened before Lambda ends the process.
_RESERVE_SECONDS = 0.5


class Deadline:
    """Counts down with the function's own clock; every wait of a call asks it how long it may last."""

    def __init__(self, remaining_milliseconds: Callable[[], int], reserve_seconds: float = _RESERVE_SECONDS) -> None:
        self._remaining_milliseconds = remaining_milliseconds
        self._reserve_seconds = reserve_seconds

    def seconds(self) -> float:
        """Return the seconds that are left for waiting on others; zero or less when it is over."""
        return self._remaining_milliseconds() / 1000 - self._reserve_seconds

    def keeping_back(self, seconds: float) -> "Deadline":
        """The same deadline, so much earlier: what is done by it leaves time for what has to follow."""
        return Deadline(self._remaining_milliseconds, self._reserve_seconds + seconds)
