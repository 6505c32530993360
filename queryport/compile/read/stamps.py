"""The stamps of files, which change with them, and the file that keeps them for the next command.

The list that is kept is of stamps alone, with a digest of the text of each: it holds for every path that leads there.
A list of another user, or of the same one in other groups, holds nothing: what one may read another may not.
"""

import os
import time
from collections.abc import Mapping
from operator import attrgetter
from pathlib import Path

import orjson

from queryport.compile.read.sealed_file import read_sealed, write_sealed

_SETTLED_NS = 2_000_000_000
"""The age from which a file's next change has another time: some file systems count in steps of two seconds."""

_FORM = 2


Stamp = tuple[int, int, int, int, int, int]
"""The system's word on a file, at the end of its links: its device, inode, mode, size, and times of change in ns."""

_stamp = attrgetter("st_dev", "st_ino", "st_mode", "st_size", "st_mtime_ns", "st_ctime_ns")


def settled_ns() -> int:
    """Return the time in ns up to which a change has made a stamp that no change from now on can make."""
    return time.time_ns() - _SETTLED_NS


def stamp_of(path: str, settled: int) -> Stamp | None:
    """Return the stamp of a file; None where its next change might not show in it, by the `settled_ns` of before."""
    try:
        stamp: Stamp = _stamp(os.stat(path))  # noqa: PTH116 (of thousands of files, a Path would take half the time)
    except OSError:
        return None
    return stamp if stamp[4] < settled and stamp[5] < settled else None


def read_stamps(path: Path) -> dict[Stamp, str]:
    """Return the digests that a command of this user and these groups has left; none where the file is another's."""
    content = read_sealed(path, _key())
    if content is None:
        return {}
    try:
        return {tuple(stamp): digest for stamp, digest in orjson.loads(content)}
    except (ValueError, TypeError):
        return {}


def write_stamps(path: Path, digests: Mapping[Stamp, str]) -> None:
    """Write the file whole or not at all. Raises OSError."""
    write_sealed(path, _key(), [orjson.dumps([*digests.items()])])


def _key() -> str:
    groups = sorted({os.getegid(), *os.getgroups()})
    return f"stamps {_FORM} of {os.geteuid()} in {','.join(map(str, groups))}"
