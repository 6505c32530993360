"""The stamps of files, which change with them, and the file that keeps them for the next command.

The list that is kept is of stamps alone, with a digest of the text of each: it holds for every path that leads there.
A list of another user, or of the same one in other groups, holds nothing: what one may read another may not.
"""

import os
import struct
import time
from collections.abc import Mapping
from pathlib import Path

from queryport.compile.read.sealed_file import read_sealed, write_sealed

_SETTLED_NS = 2_000_000_000
"""The age from which a file's next change has another time: some file systems count in steps of two seconds."""

_FORM = 3

Stamp = bytes
"""The system's word on a file, at the end of its links: its device, inode, mode, size, and times of change in ns.

Packed, for it is looked up ten thousand times and is a fifth as large so.
"""

_STAMP = struct.Struct("=QQIqqq")
_LINE = struct.Struct(f"={_STAMP.size}s20s")
"""A stamp, and the digest of the text that it stands for."""


def settled_ns() -> int:
    """Return the time in ns up to which a change has made a stamp that no change from now on can make."""
    return time.time_ns() - _SETTLED_NS


def stamp_of(entry: os.DirEntry[str], settled: int) -> Stamp | None:
    """Return the stamp of a file; None where its next change might not show in it, by the `settled_ns` of before."""
    try:
        found = entry.stat()
    except OSError:
        return None
    modified, changed = found.st_mtime_ns, found.st_ctime_ns
    if modified >= settled or changed >= settled:
        return None
    return _STAMP.pack(found.st_dev, found.st_ino, found.st_mode, found.st_size, modified, changed)


def read_stamps(path: Path) -> dict[Stamp, bytes]:
    """Return the digests that a command of this user and these groups has left; none where the file is another's."""
    content = read_sealed(path, _key())
    return {} if content is None or len(content) % _LINE.size else dict(_LINE.iter_unpack(content))


def write_stamps(path: Path, digests: Mapping[Stamp, bytes]) -> None:
    """Write the file whole or not at all. Raises OSError."""
    write_sealed(path, _key(), [_LINE.pack(*line) for line in digests.items()])


def _key() -> str:
    groups = sorted({os.getegid(), *os.getgroups()})
    return f"stamps {_FORM} of {os.geteuid()} in {','.join(map(str, groups))}"
