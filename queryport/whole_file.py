"""Files as wholes: written whole or not at all, so that no reader meets half of one, and read where they end."""

import os
import secrets
import stat
from collections.abc import Iterable
from io import FileIO
from pathlib import Path

OWNER_ALONE = 0o600
"""The mode of a file with secrets."""

_OPEN_TO_ALL = 0o666


def write_whole(path: Path, content: Iterable[bytes], mode: int = _OPEN_TO_ALL) -> None:
    """Write a file in place of what is there; `mode` is that of the file, less the umask. Raises OSError."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            file.writelines(content)
        unfinished.replace(path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise


class NotRegularFileError(OSError):
    """A pipe, a device or a folder in place of a file."""

    def __init__(self) -> None:
        super().__init__("it is not a regular file")


def read_regular(path: str | Path) -> bytes:
    """Return what is in a file. Raises OSError, of which NotRegularFileError is one.

    A pipe is not waited for.
    """
    if not stat.S_ISREG(os.stat(path).st_mode):  # noqa: PTH116 (of thousands of files, a Path would take half the time)
        raise NotRegularFileError
    with FileIO(path) as file:
        return file.readall()
