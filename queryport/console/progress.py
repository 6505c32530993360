"""Progress of long work, said without knowing whether a terminal shows it."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

Progress = Callable[[str], AbstractContextManager[None]]
"""Called with a sentence such as `Applying 0001_books.sql`, which shows for as long as the context lasts."""


def no_progress(_: str) -> AbstractContextManager[None]:
    """Show nothing."""
    return nullcontext()


Report = Callable[[str], None]
"""Called with a sentence for each thing that has happened."""


def no_report(_: str) -> None:
    """Drop the sentence."""
