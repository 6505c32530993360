"""A clock that is ahead, so that what has just happened counts as past."""

import time

_time_ns = time.time_ns


def later() -> int:
    """Return the time in ten seconds, in nanoseconds."""
    return _time_ns() + 10_000_000_000
