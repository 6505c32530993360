"""Processes that run out of file descriptors."""

import itertools
import os
import resource
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def descriptors(left: int, pid: int | None = None) -> Iterator[None]:
    """Leave a process, this one by default, so many descriptors that it has not opened."""
    if sys.platform != "linux":
        pytest.skip("no system that limits another process")
    process = os.getpid() if pid is None else pid
    limits = resource.prlimit(process, resource.RLIMIT_NOFILE)
    free = (number for number in itertools.count() if not Path(f"/proc/{process}/fd/{number}").exists())
    resource.prlimit(process, resource.RLIMIT_NOFILE, (next(itertools.islice(free, left, None)), limits[1]))
    try:
        yield
    finally:
        resource.prlimit(process, resource.RLIMIT_NOFILE, limits)
