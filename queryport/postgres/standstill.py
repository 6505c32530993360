"""What is known of a server that stands still, since the command that stopped it: a note, and a mark of its files.

The note holds as long as the files are those that it was written for. Each start writes others, as each change of the
configuration does.
"""

import hashlib
from contextlib import suppress
from pathlib import Path

from queryport.postgres.account import PostgresError
from queryport.postgres.files import opened
from queryport.postgres.postmaster import data_folder

_NOTE = "standstill"
_FILES = ("global/pg_control", "postgresql.conf", "postgresql.auto.conf")


def write_note(directory: Path, home: Path, text: str) -> None:
    """Note what was asked of a server that has stopped since. Without files that can be read there is no note."""
    mark = _mark(home)
    if mark is not None:
        # A full disk, or something else of that name: the next command asks the server.
        with suppress(OSError, PostgresError), opened(directory / _NOTE) as file:
            file.truncate(0)
            file.write(f"{home}\n{mark}\n{text}")


def drop_note(directory: Path) -> None:
    (directory / _NOTE).unlink(missing_ok=True)


def read_note(directory: Path) -> str | None:
    """Return what was noted; None where the server runs, or has run since, or its files cannot be read."""
    try:
        home, mark, text = (directory / _NOTE).read_text().split("\n")
        return text if mark == _mark(Path(home)) else None
    except (OSError, ValueError):
        return None


def _mark(home: Path) -> str | None:
    data = data_folder(home)
    digest = hashlib.sha256()
    try:
        if (data / "postmaster.pid").exists():
            return None
        for name in _FILES:
            content = (data / name).read_bytes()
            digest.update(b"%d\0%b" % (len(content), content))
    except OSError:  # another user's
        return None
    return digest.hexdigest()
