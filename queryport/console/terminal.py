"""The terminal as the commands write to it: steps while they last, sentences, errors and all else that rich can draw.

All output of a command goes through here, so that it looks alike, and is plain text in a pipe or a CI job. Knows
nothing of what is shown: the tables of operations, rows and calls are in queryport.commands.tables. Rich is imported
when something has to be drawn: a hook or an editor's check that finds nothing wrong prints two plain lines.
"""

import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.text import Text

_NOTEWORTHY_SECONDS = 0.7
_PIPE_COLUMNS = 160  # a pipe has no width; eighty columns would fold every table
_FOR_COLOR = ("FORCE_COLOR", "TTY_COMPATIBLE")
"""Variables by which rich may take a pipe for a terminal."""


class Terminal:
    """Standard output, or standard error for what is no part of a command's answer."""

    def __init__(self, *, stderr: bool = False) -> None:
        self._is_stderr = stderr

    @cached_property
    def _console(self) -> "Console":
        from rich.console import Console

        console = Console(stderr=self._is_stderr, highlight=False, emoji=False)
        if not console.is_terminal and "COLUMNS" not in os.environ:
            console.width = _PIPE_COLUMNS
        return console

    @property
    def _is_terminal(self) -> bool:
        is_pipe = not self._stream.isatty() and not any(name in os.environ for name in _FOR_COLOR)
        return not is_pipe and self._console.is_terminal

    @property
    def _stream(self) -> TextIO:
        return sys.stderr if self._is_stderr else sys.stdout

    @property
    def columns(self) -> int:
        return self._console.width

    @contextmanager
    def step(self, text: str) -> Iterator[None]:
        """Show a step while it lasts. One that takes a while leaves a line; in a pipe only such a one is shown."""
        started = time.monotonic()
        if self._is_terminal:
            from rich.markup import escape

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
        self._print(text, style="dim")

    def say(self, text: str) -> None:
        if self._is_plain(text):
            self._write(text)
        else:
            from rich.text import Text

            self.line(Text(text))

    def error(self, text: str) -> None:
        from rich.text import Text

        self.prose(Text.assemble(("error", "bold red"), f": {text}"))

    def prose(self, text: "Text | str") -> None:
        """Print a text for people alone, broken at the terminal's width; in a pipe its lines stay whole."""
        if isinstance(text, str):
            self._print(text)
        else:
            self._console.print(self.fitted(text), soft_wrap=True)

    def _print(self, text: str, style: str = "") -> None:
        if self._is_plain(text):
            self._write(text)
        else:
            from rich.text import Text

            self.prose(Text(text, style=style))

    def _is_plain(self, text: str) -> bool:
        """Whether rich would print the very text: in a pipe, one without control characters or another coding."""
        return not self._is_terminal and text.isascii() and text.isprintable()

    def _write(self, text: str) -> None:
        print(text, file=self._stream, flush=True)

    def fitted(self, text: "Text") -> "Text":
        """The text as `prose` prints it."""
        if not self._is_terminal:
            return text
        from queryport.console.prose import fitted

        return fitted(text, self.columns)

    def line(self, text: "Text") -> None:
        """Print a styled text, whose long lines the terminal wraps itself, so that they are copied whole."""
        self._console.print(text, soft_wrap=True)

    def draw(self, renderable: "RenderableType") -> None:
        """Print a table or the like, fitted to the terminal's width."""
        self._console.print(renderable)


def counted(number: int, singular: str, plural: str | None = None) -> str:
    """A number with its noun: `1 row`, `2 rows`."""
    return f"{number} {singular if number == 1 else plural or singular + 's'}"
