"""A query file's text and the problems that point at places of it, rendered as compilers do.

Offsets count characters from the start of the file. Nothing here knows YAML or SQL.
"""

import hashlib
import os
from bisect import bisect_right
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from queryport.diagnostics.rules import RULES, Severity


class Span(NamedTuple):
    """A stretch of a file's text, by character offsets."""

    start: int
    end: int
    source: "Source | None" = None
    """The file, where it is another than the one that is spoken of."""


class Place(NamedTuple):
    """A place of a file, ready to print."""

    path: Path
    line: int
    column: int
    text: str
    """The whole line."""
    width: int
    """How many of its characters are meant."""

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}"


class Problem(NamedTuple):
    """One fault of a query file, with its cure; `line` and `column` count from 1."""

    code: str
    message: str
    cure: str
    place: Place
    also: tuple[Place, ...] = ()
    """Further places that belong to it, such as the other of two occurrences that disagree."""

    @property
    def severity(self) -> Severity:
        return RULES[self.code].severity

    @property
    def path(self) -> Path:
        return self.place.path

    @property
    def line(self) -> int:
        return self.place.line

    @property
    def column(self) -> int:
        return self.place.column

    def render(self, *, color: bool = False) -> str:
        """Render `file:line:col QPnnn message`, the line with a caret below, and the cure."""
        paint = _PAINT[self.severity] if color else "{}"
        bold = _BOLD if color else "{}"
        label = "" if self.severity is Severity.ERROR else f"{self.severity}: "
        margin = " " * len(str(max(place.line for place in (self.place, *self.also))))
        lines = [f"{bold.format(self.place)} {paint.format(self.code)} {label}{bold.format(self.message)}"]
        for place in (self.place, *self.also):
            if place is not self.place:
                lines.append(f"{margin} : {place}")
            # Tabs are kept, so that the caret stands below its character whatever their width.
            indent = "".join("\t" if character == "\t" else " " for character in place.text[: place.column - 1])
            caret = paint.format("^" * max(1, place.width))
            number = f"{place.line:>{len(margin)}}"
            lines += [f"{margin} |", f"{number} | {place.text}", f"{margin} | {indent}{caret}"]
        lines.append(f"{margin} = help: {self.cure}")
        return "\n".join(lines)


_BOLD = "\x1b[1m{}\x1b[0m"
_PAINT = {Severity.ERROR: "\x1b[1;31m{}\x1b[0m", Severity.WARNING: "\x1b[1;33m{}\x1b[0m"}


@dataclass(frozen=True)
class Source:
    """A query file as read from disk."""

    path: Path
    """As it is shown: relative to the project where that can be."""
    text: str

    @cached_property
    def digest(self) -> str:
        """A digest of the text."""
        return hashlib.blake2b(self.text.encode(), digest_size=20).hexdigest()

    @cached_property
    def line_starts(self) -> list[int]:
        return [0, *(offset + 1 for offset, character in enumerate(self.text) if character == "\n")]

    def place(self, span: Span) -> Place:
        start = min(span.start, len(self.text))
        line = bisect_right(self.line_starts, start) - 1
        begin = self.line_starts[line]
        text = self.text[begin:].split("\n", 1)[0].rstrip("\r")
        column = start - begin
        width = max(1, min(span.end, begin + len(text)) - start)
        return Place(self.path, line + 1, column + 1, text, width)

    def word(self, start: int) -> Span:
        """Return the word that begins at an offset, so that the caret underlines it."""
        end = start
        while end < len(self.text) and (self.text[end].isalnum() or self.text[end] in "_:"):
            end += 1
        return Span(start, max(end, start + 1))

    def problem(self, code: str, span: Span, message: str, cure: str, also: tuple[Span, ...] = ()) -> Problem:
        assert code in RULES, code  # noqa: S101 (a programming error, not an input's)
        return Problem(
            code, message, cure, self.place(span), tuple((other.source or self).place(other) for other in also)
        )


def shown(path: Path) -> Path:
    """Return a path relative to the current directory if it lies below it, else in full."""
    # Not Path.resolve, which some versions of Python let fail on links that lead in a circle.
    with suppress(ValueError, OSError):  # it lies elsewhere, or the current directory was deleted
        path = Path(os.path.realpath(path.parent), path.name).relative_to(Path.cwd())
    # A name may hold bytes that are not UTF-8, which no terminal takes.
    return Path(os.fsencode(path).decode(errors="replace"))
