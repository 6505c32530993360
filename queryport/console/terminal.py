"""The terminal as the commands write to it: steps while they last, sentences, errors and all else that rich can draw.

All output of a command goes through here, so that it looks alike, and is plain text in a pipe or a CI job. Knows
nothing of what is shown: the tables of operations, rows and calls are in queryport.commands.tables.
"""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console, RenderableType
from rich.markup import escape
from rich.text import Text

from queryport.console.prose import fitted

_NOTEWORTHY_SECONDS = 0.7
_PIPE_COLUMNS = 160  # a pipe has no width; eighty columns would fold every table


class Terminal:
    """Standard output, or standard error for what is no part of a command's answer."""

    def __init__(self, *, stderr: bool = False) -> None:
        self._console = Console(stderr=stderr, highlight=False, emoji=False)
        if not self._console.is_terminal and "COLUMNS" not in os.environ:
            self._console.width = _PIPE_COLUMNS

    @property
    def columns(self) -> int:
        return self._console.width

    @contextmanager
    def step(self, text: str) -> Iterator[None]:
        """Show a step while it lasts. One that takes a while leaves a line; in a pipe only such a one is shown."""
        started = time.monotonic()
        if self._console.is_terminal:
            with self._console.status(f"{escape(text)} …"):
                yield
            if (seconds := time.monotonic() - started) >= _NOTEWORTHY_SECONDS:
                self.note(f"{text} took {seconds:.1f} s")
            return
        slow = threading.Timer(_NOTEWORTHY_SECONDS, self.note, [f"{text} …"])
        slow.daemon = True
        slow.start()
        try:
            yield
        finally:
            slow.cancel()

    def note(self, text: str) -> None:
        self.prose(Text(text, style="dim"))

    def say(self, text: str) -> None:
        self._console.print(escape(text), soft_wrap=True)

    def error(self, text: str) -> None:
        self.prose(Text.assemble(("error", "bold red"), f": {text}"))

    def prose(self, text: Text) -> None:
        """Print a text for people alone, broken at the terminal's width; in a pipe its lines stay whole."""
        self._console.print(self.fitted(text), soft_wrap=True)

    def fitted(self, text: Text) -> Text:
        """The text as `prose` prints it."""
        return fitted(text, self.columns) if self._console.is_terminal else text

    def line(self, text: Text) -> None:
        """Print a styled text, whose long lines the terminal wraps itself, so that they are copied whole."""
        self._console.print(text, soft_wrap=True)

    def draw(self, renderable: RenderableType) -> None:
        """Print a table or the like, fitted to the terminal's width."""
        self._console.print(renderable)


def counted(number: int, singular: str, plural: str | None = None) -> str:
    """A number with its noun: `1 row`, `2 rows`."""
    return f"{number} {singular if number == 1 else plural or singular + 's'}"
