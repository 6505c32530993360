"""The stamps of files, which change with them, and the file that keeps them for the next command.

The list that is kept is of stamps alone, with a digest of the text of each: it holds for every path that leads there.
Another user's list holds nothing, since what one may read another may not.
"""

import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import orjson

from queryport.compile.read.sealed_file import read_sealed, write_sealed

_SETTLED_NS = 2_000_000_000
"""The age from which a file's next change has another time: some file systems count in steps of two seconds."""

_FORM = 1


class Stamp(NamedTuple):
    """The system's word on a file, at the end of its links."""

    device: int
    inode: int
    mode: int
    size: int
    modified_ns: int
    changed_ns: int


def stamp_of(path: str) -> Stamp | None:
    """Return the stamp of a file; None where its next change might not show in it."""
    now = time.time_ns()
    try:
        found = os.stat(path)  # noqa: PTH116 (of thousands of files, a Path would take half the time)
    except OSError:
        return None
    stamp = Stamp(found.st_dev, found.st_ino, found.st_mode, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
    return stamp if now - max(stamp.modified_ns, stamp.changed_ns) > _SETTLED_NS else None


def read_stamps(path: Path) -> dict[Stamp, str]:
    """Return the digests that a command has left; none where the file is not one that was written for this user."""
    content = read_sealed(path, _key())
    if content is None:
        return {}
    try:
        return {Stamp(*stamp): digest for *stamp, digest in orjson.loads(content)}
    except (ValueError, TypeError):
        return {}


def write_stamps(path: Path, digests: Mapping[Stamp, str]) -> None:
    """Write the file whole or not at all. Raises OSError."""
    write_sealed(path, _key(), [orjson.dumps([(*stamp, digest) for stamp, digest in digests.items()])])


def _key() -> str:
    return f"stamps {_FORM} of {os.geteuid()}"
