"""A stretch of a query file with parts replaced, which knows the place in the file of each of its characters.

PostgreSQL and libpg_query point into the text that they were given; a Draft turns that into a place in the file.
"""

from bisect import bisect_right
from collections.abc import Iterable
from typing import NamedTuple

from queryport.diagnostics.source import Source, Span


class Edit(NamedTuple):
    """Replaces a stretch of the file's text."""

    span: Span
    text: str


class Draft:
    """A stretch of the file with some parts replaced: `text`, and for each of its positions the place in the file."""

    def __init__(self, source: Source, span: Span, edits: Iterable[Edit]) -> None:
        parts: list[str] = []
        self._starts: list[int] = []
        self._origins: list[tuple[int, bool]] = []
        length, here = 0, span.start
        # What lies outside, such as a comment in front of the statement, is none of this stretch's.
        inside = [edit for edit in edits if span.start <= edit.span.start and edit.span.end <= span.end]
        for edit in sorted(inside, key=lambda edit: edit.span):
            before = source.text[here : edit.span.start]
            # `a:b` is two words, and `a$1` would be one.
            apart = " " if _ends_in_a_word(before or "".join(parts[-1:])) and edit.text[:1] in "$:" else ""
            for text, origin, kept in ((before, here, True), (apart + edit.text, edit.span.start, False)):
                parts.append(text)
                self._starts.append(length)
                self._origins.append((origin, kept))
                length += len(text)
            here = edit.span.end
        parts.append(source.text[here : span.end])
        self._starts.append(length)
        self._origins.append((here, True))
        self.text = "".join(parts)

    def origin(self, position: int) -> int:
        """Return the offset in the file of the character at `position` of `text`; of a replaced part, its beginning."""
        index = bisect_right(self._starts, position) - 1
        origin, kept = self._origins[index]
        return origin + (position - self._starts[index] if kept else 0)

    def origin_of_byte(self, position: int) -> int:
        """Return the offset in the file of a byte of `text` in UTF-8, which is what libpg_query counts."""
        if self.text.isascii():
            return self.origin(max(0, position))
        return self.origin(len(self.text.encode()[: max(0, position)].decode(errors="ignore")))


def _ends_in_a_word(text: str) -> bool:
    return text[-1:].isalnum() or text[-1:] in ("_", "$")
