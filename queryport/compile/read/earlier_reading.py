"""What was read of a project's files before, so that after a save only what has changed is read.

The system tells whether a file is still the same: its place on the disk, its size, and the times of its last changes.
"""

import os
import time
from pathlib import Path
from typing import NamedTuple

from queryport.diagnostics.source import Source

_SETTLED_NS = 2_000_000_000
"""The age from which a file's next change has another time: some file systems count in steps of two seconds."""


class Stamp(NamedTuple):
    """What the system says of a file, at the end of its links."""

    device: int
    inode: int
    mode: int
    size: int
    modified_ns: int
    changed_ns: int


class _Kept(NamedTuple):
    stamp: Stamp
    shown: Path
    """The path by which the file's folder is shown."""
    source: Source


class EarlierReading:
    """The files of the last reading, and of the one that is under way."""

    def __init__(self) -> None:
        self._before: dict[str, _Kept] = {}
        self._now: dict[str, _Kept] = {}

    def begin(self) -> None:
        """Begin another reading; what that one does not come by is forgotten."""
        self._before, self._now = self._now, {}

    def stamp(self, path: str) -> Stamp | None:
        """Return the stamp of a file; None where its next change might not show in it."""
        now = time.time_ns()
        try:
            found = os.stat(path)  # noqa: PTH116 (of thousands of files, a Path would take half the time)
        except OSError:
            return None
        stamp = Stamp(found.st_dev, found.st_ino, found.st_mode, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
        return stamp if now - max(stamp.modified_ns, stamp.changed_ns) > _SETTLED_NS else None

    def source(self, path: str, stamp: Stamp | None, shown: Path) -> Source | None:
        """Return what a file was read as before, if it has the same stamp and its folder is shown by the same path."""
        kept = self._before.get(path)
        if stamp is None or kept is None or kept.stamp != stamp or kept.shown != shown:
            return None
        self._now[path] = kept
        return kept.source

    def keep(self, path: str, stamp: Stamp | None, shown: Path, source: Source) -> None:
        """Keep what a file was read as; the stamp is from before that."""
        if stamp is not None:
            self._now[path] = _Kept(stamp, shown, source)
