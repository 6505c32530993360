"""Finds the comment blocks of a query file and tells front matter from prose.

Front matter is a block of `--` lines of which one begins with a key that Queryport knows. Everything else in front of
the statement is prose, unless its first line has the look of a key: what is meant then is asked.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from queryport.compile.read.front_matter import FrontMatter
from queryport.diagnostics.source import Source, Span

MARK = re.compile(r"--\s*@(?P<name>.*?)\s*")
"""A line that names the statement below it, or says that it gives the result; see queryport.compile.read.marks."""

_KNOWN_KEY = re.compile(rf"""\s*["']?(?:{"|".join(FrontMatter.model_fields)})["']?\s*:(?:\s|$)""")
_ANY_KEY = re.compile(r"\s*[A-Za-z_][\w-]*:(?:\s|$)|\s*[{\[]|-(?:\s|$)")
_ITEM = re.compile(r"\s*(?:[*+-]|\d+[.)])\s|\s*[#>|]|\s{2}")
"""Lines that Markdown keeps apart from the one before."""

_COMMENT_EDGE = re.compile(r"/\*|\*/")


class CommentBlock(NamedTuple):
    """Comment lines without a blank line between them, or one `/* … */`."""

    lines: tuple[Span, ...]
    """Without `-- `, or the lines within `/* */`."""
    end: int
    is_dashed: bool
    """It is made of `--` lines."""

    def texts(self, source: Source) -> list[str]:
        return [source.text[line.start : line.end] for line in self.lines]

    def has_known_key(self, source: Source) -> bool:
        """Return whether a line begins with a key of front matter."""
        return any(_KNOWN_KEY.match(text) for text in self.texts(source))

    def may_be_front_matter(self, source: Source) -> bool:
        """Return whether the block has a known key, or looks as if it were to have one."""
        return self.is_dashed and (self.has_known_key(source) or bool(_ANY_KEY.match(self.texts(source)[0])))

    def prose(self, source: Source) -> str:
        """Return the text as it stands, with the lines of a paragraph joined."""
        prose = ""
        for text in self.texts(source):
            if not text.strip():
                prose = prose.rstrip("\n") + "\n\n"
            elif prose and not prose.endswith("\n"):
                prose += ("\n" if _ITEM.match(text) else " ") + text.rstrip()
            else:
                prose += text.rstrip()
        return prose.strip()


def leading_blocks(source: Source) -> Iterator[CommentBlock]:
    """Yield the comment blocks in front of the first statement or mark."""
    text, at = source.text, 0
    lines: list[Span] = []
    while at < len(text):
        line = text[at:].split("\n", 1)[0]
        words = line.strip()
        begin = at + len(line) - len(line.lstrip())
        if words.startswith("--") and not MARK.fullmatch(words):
            lines.append(_uncommented(text, begin, at + len(line.rstrip())))
            at += len(line) + 1
            continue
        if lines:
            yield CommentBlock(tuple(lines), min(at, len(text)) - (at <= len(text)), is_dashed=True)
            lines = []
        if words.startswith("/*"):
            end = _end_of_comment(text, begin)
            yield CommentBlock(tuple(_lines(text, begin + 2, max(begin + 2, end - 2))), end, is_dashed=False)
            at = end
        elif words:
            return
        else:
            at += len(line) + 1
    if lines:
        yield CommentBlock(tuple(lines), len(text), is_dashed=True)


def following_blocks(source: Source, comments: tuple[Span, ...]) -> Iterator[CommentBlock]:
    """Yield the comment blocks among and behind the statements, whose comments are given."""
    lines: list[Span] = []
    for comment in comments:
        text = source.text[comment.start : comment.end]
        if text.startswith("/*"):
            yield CommentBlock(
                tuple(_lines(source.text, comment.start + 2, comment.end - 2)), comment.end, is_dashed=False
            )
            continue
        if lines and source.text[lines[-1].end : comment.start].strip(" \t\r") != "\n":
            yield CommentBlock(tuple(lines), lines[-1].end, is_dashed=True)
            lines = []
        lines.append(_uncommented(source.text, comment.start, comment.end))
    if lines:
        yield CommentBlock(tuple(lines), lines[-1].end, is_dashed=True)


def _uncommented(text: str, start: int, end: int) -> Span:
    """Return the stretch behind `--` and one space."""
    begin = start + 2
    if text[begin : begin + 1] == " ":
        begin += 1
    return Span(begin, max(begin, end))


def _lines(text: str, start: int, end: int) -> Iterator[Span]:
    for line in text[start:end].split("\n"):
        yield Span(start, start + len(line.rstrip()))
        start += len(line) + 1


def _end_of_comment(text: str, start: int) -> int:
    """Return the offset behind a `/* */`, in which others may be nested; of one that is not closed, the text's end."""
    depth = 0
    for edge in _COMMENT_EDGE.finditer(text, start):
        depth += 1 if edge[0] == "/*" else -1
        if depth == 0:
            return edge.end()
    return len(text)
