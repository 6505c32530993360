"""Reads the marks that tie statements together: `-- @order` names one, `:order.order_id` is a column of its row.

`-- @result` marks the statement whose rows are the answer. A mark stands on a line of its own in front of a statement.
Knows nothing of types: whether a row has the column is found out when the statement has been described.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from postgast.pg_query_pb2 import Token as TokenKind

from queryport.compile.read.comment_blocks import MARK
from queryport.compile.read.tokens import Scan, Token
from queryport.diagnostics.near_names import nearest
from queryport.diagnostics.reporter import Reporter
from queryport.diagnostics.source import Span

RESULT = "result"

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_DOT = ord(".")


class RowReference(NamedTuple):
    """One occurrence of `:order.order_id`."""

    placeholder: str
    """Its name in the statement that is sent."""
    step: int
    """The index of the statement that is referred to."""
    column: str
    """As it is written, with its quotes if it has any."""
    span: Span

    def meant(self, columns: Iterable[str]) -> str | None:
        """Return the column of a row that is meant: as SQL has it, or else with the letters as they are written."""
        if self.column.startswith('"'):
            names = [self.column[1:-1].replace('""', '"')]
        else:
            names = [self.column.lower(), self.column]
        known = set(columns)
        return next((name for name in names if name in known), None)


@dataclass(slots=True)
class Marks:
    """The marks of a file's statements, by the statements' indexes."""

    names: dict[str, int] = field(default_factory=dict)
    result: int = -1


def read_marks(reporter: Reporter, scan: Scan, parts: Sequence[Scan]) -> Marks:
    """Read the marks in front of a file's statements; the result is the last one's unless another is marked."""
    marks = Marks(result=len(parts) - 1)
    marked: Span | None = None
    for comment in scan.comments:
        found = MARK.fullmatch(reporter.source.text[comment.start : comment.end])
        if found is None:
            continue
        name = found["name"]
        step = next((index for index, part in enumerate(parts) if comment.end <= part.span.start), None)
        inside = any(part.span.start < comment.start < part.span.end for part in parts)
        if step is None or inside:
            message = "the mark does not stand in front of a statement"
            reporter.report("QP501", comment, message, "put it on the line before the statement")
        elif not _NAME.fullmatch(name):
            cure = "write `-- @order`: letters, digits and _, a letter first"
            reporter.report("QP501", comment, f"`@{name}` is not a name", cure)
        elif name == RESULT:
            if marked is not None:
                message, cure = "two statements are marked as the result", "keep one mark"
                reporter.report("QP501", comment, message, cure, also=(marked,))
            marked, marks.result = comment, step
        elif name in marks.names:
            message = f"two statements are called `{name}`"
            reporter.report("QP501", comment, message, "rename one of them")
        else:
            marks.names[name] = step
    return marks


def find_references(
    reporter: Reporter, statement: Scan, step: int, names: dict[str, int]
) -> tuple[Scan, tuple[RowReference, ...]]:
    """Return the statement with each `:order.order_id` as one placeholder, and those references."""
    following = {token.start: index for index, token in enumerate(statement.tokens)}
    places = []
    references = []
    for place in statement.placeholders:
        column = _column(statement.tokens, following.get(place.span.end))
        if column is None:
            places.append(place)
            continue
        span = Span(place.span.start, column.end)
        written = reporter.source.text[span.start : span.end]
        target = names.get(place.name)
        if target is None or target >= step:
            places.append(place)  # so that the statement can still be parsed
        if target is None:
            near = nearest(place.name, names)
            cure = f"did you mean `:{near}.{column.text}`?" if near else f"name one: `-- @{place.name}` before it"
            message = f"`{written}` refers to a row, and no statement is called `{place.name}`"
            reporter.report("QP502", span, message, cure)
        elif target >= step:
            message = f"`{written}` refers to a row that is not there yet"
            reporter.report("QP502", span, message, "refer to an earlier statement")
        else:
            name = _placeholder_name(target, column.text)
            places.append(place._replace(name=name, span=span))
            references.append(RowReference(name, target, column.text, span))
    return statement._replace(placeholders=tuple(places)), tuple(references)


def _column(tokens: Sequence[Token], index: int | None) -> Token | None:
    """Return the name that follows directly on a dot at an index, if there is one."""
    if index is None or index + 1 >= len(tokens) or tokens[index].kind != _DOT:
        return None
    name = tokens[index + 1]
    is_name = _NAME.fullmatch(name.text) or (name.kind == TokenKind.IDENT and name.text.startswith('"'))
    return name if name.start == tokens[index].end and is_name else None


def _placeholder_name(step: int, written: str) -> str:
    """Return the placeholder of a column: AWS takes letters, digits and `_` alone, and each column needs its own."""
    if _NAME.fullmatch(written):
        return f"__{step + 1}_{written}"
    return f"___{step + 1}_{written.encode().hex()}"
