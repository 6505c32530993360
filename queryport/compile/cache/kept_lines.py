"""The files with the lines of operations that a compile cache leaves: each is written once, and read when it is needed.

A cache whose operations change adds a file of the changed ones, so that thousands of others are neither read nor
written again.
"""

import hashlib
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Self

from queryport.compile.write.encoded import OperationLines
from queryport.console.failure import CommandError
from queryport.whole_file import write_whole

_ENDING = ".lines"

_GRACE_SECONDS = 3600
"""The age up to which another command may still be about to name a file in the cache."""


class LostLinesError(CommandError):
    """A file of lines is not what it was when the command began."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} was changed while the command ran: run it again")


class KeptLines(OperationLines):
    """The lines of a file, which are read when one of them is asked for."""

    def __init__(self, path: Path, length: int, digest: str, content: bytes = b"") -> None:
        super().__init__(content)
        self.path = path
        self.length = length
        self.digest = digest

    @classmethod
    def written(cls, cache: Path, lines: Iterable[bytes]) -> Self:
        """Write a file beside that of a cache. Raises OSError."""
        content = b"".join(lines)
        digest = hashlib.sha256(content).hexdigest()
        path = cache.with_name(f"{cache.stem}.{digest[:16]}{_ENDING}")
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, [content])
        return cls(path, len(content), digest, content)

    @property
    def content(self) -> bytes:
        """Raises LostLinesError where the file is not the one that was written, whole."""
        if len(self._content) != self.length:
            try:
                content = self.path.read_bytes()
            except OSError:
                raise LostLinesError(self.path) from None
            if hashlib.sha256(content).hexdigest() != self.digest:
                raise LostLinesError(self.path)
            self._content = content
        return self._content

    @property
    def is_there(self) -> bool:
        """Return whether there is a file of this name and length."""
        try:
            return self.path.stat().st_size == self.length
        except OSError:
            return False


def drop_lines(cache: Path) -> None:
    """Remove the files of a cache that is removed itself. Raises OSError."""
    for path in _beside(cache):
        path.unlink(missing_ok=True)


def drop_left_lines(cache: Path, kept: Iterable[KeptLines]) -> None:
    """Remove the files of a cache that it does not name any more. Raises OSError."""
    settled = time.time() - _GRACE_SECONDS
    named = {lines.path for lines in kept}
    for path in _beside(cache):
        if path not in named and path.stat().st_mtime < settled:
            path.unlink(missing_ok=True)


def _beside(cache: Path) -> Iterable[Path]:
    return cache.parent.glob(f"{cache.stem}.*{_ENDING}")
