"""The way in which long work says what it is doing, without knowing whether a terminal shows it."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

Progress = Callable[[str], AbstractContextManager[None]]
"""Shows a sentence such as `Applying 0001_books.sql` for as long as its context lasts."""


def no_progress(_: str) -> AbstractContextManager[None]:
    """Show nothing."""
    return nullcontext()


Report = Callable[[str], None]
"""Told of what has happened, a sentence each time."""


def no_report(_: str) -> None:
    """Drop the sentence."""
