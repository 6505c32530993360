"""Reads a file that an author wrote; a pipe, a link or a folder in its place does no harm."""

import errno
from pathlib import Path

from queryport.console.failure import CommandError
from queryport.diagnostics.reporter import Reporter
from queryport.diagnostics.source import Span
from queryport.whole_file import NotRegularFileError, read_regular

WHOLE = Span(0, 1)
"""The place of what concerns a file as a whole."""


class NoDescriptorError(CommandError):
    """The process, or the machine, has opened as many files as it may."""


def read_bytes(path: str, reporter: Reporter, cure: str) -> bytes | None:
    """Return what is in a regular file, or None after a report; a file that is gone needs none.

    The `cure` is for one that may not be read. Raises NoDescriptorError.
    """
    try:
        return read_regular(path)
    except NotRegularFileError as error:
        reporter.report("QP009", WHOLE, str(error), "move it out of the folder")
    except (FileNotFoundError, NotADirectoryError):
        if Path(path).is_symlink():
            # Else it is gone since its name was read.
            reporter.report("QP009", WHOLE, "it is a link to a file that does not exist", "delete the link")
    except OSError as error:
        if error.errno in (errno.EMFILE, errno.ENFILE):  # which is no fault of the file
            raise NoDescriptorError(f"{path} cannot be read ({error.strerror})") from error
        reporter.report("QP009", WHOLE, f"the file cannot be read ({error.strerror})", cure)
    return None
