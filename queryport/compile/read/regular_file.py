"""Reads a query file or the settings of a folder, and reports what keeps it from being read."""

from queryport.authored import SETTINGS, UnreadableError, read_authored
from queryport.console.failure import CommandError
from queryport.diagnostics.reporter import Reporter
from queryport.diagnostics.source import Span

WHOLE = Span(0, 1)
"""The place of what concerns a file as a whole."""


class NoDescriptorError(CommandError):
    """The process, or the machine, has opened as many files as it may."""


def read_bytes(path: str, reporter: Reporter) -> bytes | None:
    """Return what is in a regular file, or None after a report; a file that is gone needs none.

    Raises NoDescriptorError.
    """
    try:
        return read_authored(path, SETTINGS)
    except UnreadableError as error:
        reporter.report("QP009", WHOLE, str(error), error.cure)
    except FileNotFoundError:
        pass  # since its name was read
    except OSError as error:
        raise NoDescriptorError(f"{path} cannot be read ({error.strerror})") from error
    return None
