"""Files of ours in a folder that may be another user's, PostgreSQL's: no link there is followed."""

import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from queryport.postgres.account import PostgresError

LARGEST_LOG_BYTES = 10_000_000


def opened(path: Path, mode: str = "w") -> IO[str]:
    """Open a file of ours in a folder that may be PostgreSQL's user's, without following a link there."""
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | (os.O_APPEND if mode == "a" else 0)
    descriptor = os.open(path, flags, 0o600)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise PostgresError(f"{path} is no file: delete it")
    return open(descriptor, mode)  # noqa: PTH123 (a descriptor)


def rotate(log: Path) -> None:
    """Put a log aside, as `NAME.1`, if it has become too large."""
    with suppress(FileNotFoundError):
        if log.lstat().st_size > LARGEST_LOG_BYTES:
            log.replace(log.with_name(f"{log.name}.1"))


@contextmanager
def locked(file: IO[str]) -> Iterator[None]:
    """Hold a file's exclusive lock for the length of a with block."""
    with file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
