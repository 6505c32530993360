"""The file that the local Lambda's processes write their log to, kept from growing without end."""

import os
import shutil
from pathlib import Path
from typing import BinaryIO

from queryport.console.failure import CommandError

LARGEST_BYTES = 10_000_000


class HandlerLog:
    """A file and, as `NAME.1`, what was in it before it became too large."""

    def __init__(self, path: Path, largest: int = LARGEST_BYTES) -> None:
        self.path = path
        self._largest = largest

    def open(self) -> BinaryIO:
        """Open the file for a process, which writes at its end whatever the others do. It is made anew if gone.

        Raises OSError, also for a named pipe that nobody reads.
        """
        return self._opened(os.O_APPEND)

    def clear(self) -> None:
        """Empty the file, or make it. Raises CommandError."""
        try:
            self._opened(os.O_TRUNC).close()
        except OSError as error:
            raise CommandError(
                f"{self.path}, where the function's log goes, cannot be written ({error.strerror}): delete it"
            ) from None

    def _opened(self, flags: int) -> BinaryIO:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self.path, flags | os.O_WRONLY | os.O_CREAT | os.O_NONBLOCK, 0o666)
        return open(descriptor, "ab")  # noqa: PTH123 (a descriptor)

    def rotate(self) -> None:
        """Empty the file if it is too large.

        It stays the same file, since the processes that write have it open. What they write between the copy and the
        cut is lost.
        """
        if self.path.exists() and self.path.stat().st_size > self._largest:
            shutil.copyfile(self.path, self.path.with_name(f"{self.path.name}.1"))
            with self.path.open("r+b") as file:
                file.truncate()
