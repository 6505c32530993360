"""Reads a file that an author wrote, whatever stands in its place."""

import stat
from pathlib import Path

from queryport.diagnostics.reporter import Reporter
from queryport.diagnostics.source import Span

WHOLE = Span(0, 1)
"""The place of what concerns a file as a whole."""


def read_bytes(path: Path, reporter: Reporter, cure: str) -> bytes | None:
    """Return what is in a regular file, or None after a report; a file that is gone needs none.

    The `cure` is for one that may not be read.
    """
    try:
        if stat.S_ISREG(path.stat().st_mode):
            return path.read_bytes()
        reporter.report(
            "QP009", WHOLE, "it is not a regular file", "move it out of the folder"
        )  # a pipe would never end
    except (FileNotFoundError, NotADirectoryError):
        if path.is_symlink():  # else it is gone since its name was read
            reporter.report("QP009", WHOLE, "it is a link to a file that does not exist", "delete the link")
    except OSError as error:
        reporter.report("QP009", WHOLE, f"the file cannot be read ({error.strerror})", cure)
    return None
