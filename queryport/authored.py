"""Reads what an author wrote; a pipe, a device, an endless file or a link to nothing in its place does no harm.

Whatever keeps a file or a folder from being read becomes one error with its cure; callers add the path and the code.
"""

import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, NamedTuple

_MIB = 2**20

_OF_THE_MACHINE = frozenset({errno.EMFILE, errno.ENFILE})
"""No descriptor is left, which is no fault of the file."""

_FLAGS = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC


class Largest(NamedTuple):
    """The size up to which a file is read, and how to mend a larger one."""

    mebibytes: int
    cure: str


SETTINGS = Largest(1, "make it smaller, or move it out of the folder")
"""Query files and settings: sixteen times the largest statement that the RDS Data API takes."""

SCRIPT = Largest(32, "divide it into several files")
"""Migrations and seeds: PostgreSQL's parser takes forty-five times as much memory as the text."""


class UnreadableError(OSError):
    """A file or a folder that cannot be read before its author mends it; the message says why."""

    def __init__(self, path: str | Path, reason: str, cure: str) -> None:
        super().__init__(reason)
        self.path = Path(path)
        self.cure = cure


def read_authored(path: str | Path, largest: Largest) -> bytes:
    """Return what is in a file, without waiting for more than it has.

    Raises UnreadableError; FileNotFoundError where nothing has the name; OSError for want of descriptors.
    """
    try:
        # Opening a device may already do something, such as rewinding a tape.
        if stat.S_ISREG(os.stat(path).st_mode):  # noqa: PTH116 (of thousands of files, a Path would take half the time)
            descriptor = os.open(path, _FLAGS)
            try:
                return _read(descriptor, path, largest)
            finally:
                os.close(descriptor)
    except UnreadableError:
        raise
    except OSError as error:
        raise _told(path, error, "file") from None
    raise _irregular(path)


def walk_authored(folder: Path) -> Iterator[tuple[Path, list[str], list[str]]]:
    """Yield a folder and each below it that is no link, with the names of the folders and of the files in it.

    Names that begin with a dot are left out. Yields nothing where nothing has the folder's name. Raises UnreadableError
    for one that cannot be listed, and OSError for want of descriptors.
    """
    for path, folders, files in os.walk(folder, onerror=_refuse):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield Path(path), folders, sorted(name for name in files if not name.startswith("."))


def _read(descriptor: int, path: str | Path, largest: Largest) -> bytes:
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode):  # something took the file's place
        raise _irregular(path)
    most = largest.mebibytes * _MIB
    pieces: list[bytes] = []
    length, more = 0, found.st_size + 1
    # Of some files of the system's the size is a pretence, and some of them have no end.
    while length <= most and found.st_size <= most and (piece := os.read(descriptor, more)):
        pieces.append(piece)
        length += len(piece)
        more = _MIB
    if max(length, found.st_size) > most:
        raise UnreadableError(path, f"it is larger than {largest.mebibytes} MiB", largest.cure)
    return b"".join(pieces)


def _refuse(error: OSError) -> None:
    told = _told(error.filename, error, "folder")
    if not isinstance(told, FileNotFoundError):  # else it is gone since its name was read
        raise told


def _irregular(path: str | Path) -> UnreadableError:
    return UnreadableError(path, "it is not a regular file", "move it out of the folder")


def _told(path: str | Path, error: OSError, kind: Literal["file", "folder"]) -> OSError:
    """Return the error to raise for what the system said."""
    if error.errno in _OF_THE_MACHINE:
        return OSError(error.errno, error.strerror)
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        if os.path.islink(path) and not os.path.exists(path):  # noqa: PTH110, PTH114 (as above)
            reason = f"it is a link to a {kind} that does not exist"
            return UnreadableError(path, reason, f"delete the link, or make the {kind}")
        if kind == "folder" and os.path.lexists(path):
            return UnreadableError(path, "it is not a folder", "move it away, or make a folder of it")
        return FileNotFoundError(error.errno, error.strerror)
    if error.errno == errno.ELOOP:
        return UnreadableError(path, "it is a link that leads in a circle", "delete the link")
    cure = "make it readable, or move it out of the folder" if kind == "file" else "make it readable, or delete it"
    return UnreadableError(path, f"it cannot be read ({error.strerror})", cure)
