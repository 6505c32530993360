"""Temporary folders of one process: each goes with it, or after a killed process when the next one is made.

A lock on the folder itself says that its process lives. A folder that another user owns, or a link, is never touched.
"""

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_YOUNGEST_SECONDS = 60.0
"""The age at which a folder without a lock counts as left: a new one has none for a moment."""


def _nothing(_: Path) -> None:
    pass


@contextmanager
def temporary_folder(
    prefix: str, end: Callable[[Path], None] = _nothing, *, parent: Path | None = None
) -> Iterator[Path]:
    """Make a folder, and remove those of this prefix whose processes were killed; `end` first ends what runs in one."""
    parent = parent or Path(tempfile.gettempdir())
    for left in parent.glob(f"{prefix}*"):
        with suppress(OSError):
            _remove_left(left, end)
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir=parent))
    descriptor = _opened(folder)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield folder
    finally:
        shutil.rmtree(folder)
        os.close(descriptor)


def _opened(folder: Path) -> int:
    return os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)


def _remove_left(folder: Path, end: Callable[[Path], None]) -> None:
    """Raises OSError where the folder is in use, or not ours."""
    descriptor = _opened(folder)
    try:
        found = os.fstat(descriptor)
        if found.st_uid != os.geteuid() or time.time() - found.st_mtime < _YOUNGEST_SECONDS:
            return
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        end(folder)
        shutil.rmtree(folder)
    finally:
        os.close(descriptor)
