"""Breaks prose at the width of a terminal, between words alone, so that no word is torn at the edge.

A line of source with the caret below it stays as it is, as do a command between backquotes and a path, which are copied
as a whole.
"""

import re
from collections.abc import Iterator

from rich.cells import cell_len
from rich.text import Text

_SOURCE = re.compile(r" *[0-9]* [|:](?: |$)")
_LEAD = re.compile(r" *(?:= [a-z]+: )?")
_WORD = re.compile(r"(?:`[^`]*`|\S)+")


def fitted(text: Text, width: int) -> Text:
    """Return the text with its wide lines broken; what goes on hangs below the words of its line."""
    return Text("\n").join(piece for line in text.split("\n", allow_blank=True) for piece in _pieces(line, width))


def _pieces(line: Text, width: int) -> Iterator[Text]:
    """The line in pieces of at most so many columns, unless a word is wider."""
    words = line.plain
    if cell_len(words) <= width or _SOURCE.match(words):
        yield line
        return
    lead = _LEAD.match(words)
    indent = Text(" " * (0 if lead is None else lead.end()))
    start, end = 0, 0
    for word in _WORD.finditer(words, len(indent)):
        if end and cell_len(words[start : word.end()]) + (len(indent) if start else 0) > width:
            yield Text.assemble(indent, line[start:end]) if start else line[:end]
            start = word.start()
        end = word.end()
    yield Text.assemble(indent, line[start:end]) if start else line[:end]
