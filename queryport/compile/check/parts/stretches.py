"""Finds the places in the file of the parts of SET and of VALUES.

The syntax tree has the parts, and the tokens their possible ends. A stretch of text is a part's if another text in its
place changes that part of the tree and no other.
"""

from collections.abc import Iterator, Sequence
from copy import deepcopy
from typing import Any

import postgast
from postgast.pg_query_pb2 import Token as TokenKind

from queryport.compile.describe.query_file import number_edits
from queryport.compile.describe.typed_statement import TypedStatement
from queryport.compile.read.draft import Draft
from queryport.compile.read.syntax_tree import SyntaxNode
from queryport.compile.read.tokens import Placeholder
from queryport.diagnostics.source import Span

Nodes = Any
"""A repeated field of postgast's protobuf tree."""

_COMMA, _OPEN = ord(","), ord("(")
_OPENING = frozenset({_OPEN, ord("[")})
_CLOSING = frozenset({ord(")"), ord("]")})

_OTHER_TEXT = "queryport_other = true"
_OTHER = postgast.parse(f"UPDATE t SET {_OTHER_TEXT}").stmts[0].stmt.update_stmt.target_list[0]  # noqa: S608 (of two constants)
_DEFAULT = postgast.parse("UPDATE t SET c = DEFAULT").stmts[0].stmt.update_stmt.target_list[0].res_target.val


def grouped(targets: Nodes) -> list[range]:
    """Return the indexes of each assignment's columns in a SET list: `(a, b) = …` has several."""
    groups: list[range] = []
    while not groups or groups[-1].stop < len(targets):
        start = groups[-1].stop if groups else 0
        value = targets[start].res_target.val
        several = value.WhichOneof("node") == "multi_assign_ref"
        groups.append(range(start, start + (value.multi_assign_ref.ncolumns if several else 1)))
    return groups


def deparsed_with(statement: TypedStatement, span: Span, text: str) -> str | None:
    """Return a statement with a text in the place of a stretch, as libpg_query writes it; None where it is no SQL."""
    source, scan = statement.file.source, statement.scan
    edits = number_edits(scan)
    before = Draft(source, Span(scan.span.start, span.start), edits).text
    behind = Draft(source, Span(span.end, scan.span.end), edits).text
    try:
        return postgast.deparse(postgast.parse(f"{before} {text} {behind}"))
    except postgast.PgQueryError:
        return None


class Stretches:
    """The stretches of one statement, of whose `node` the lists are to be that are asked for."""

    def __init__(self, statement: TypedStatement) -> None:
        self._statement = statement
        self._scan = statement.scan
        self._draft = statement.draft
        self._tree = postgast.parse(statement.draft.text)
        self.node: SyntaxNode = postgast.unwrap_node(self._tree.stmts[0].stmt)

    def assignments(self, targets: Nodes) -> list[Span] | None:
        """Return the stretch of each assignment of a SET list, in order; None where one is not found."""
        groups = grouped(targets)
        starts = [self._start(targets[group.start]) for group in groups]
        spans = []
        for group, start, following in zip(groups, starts, [*starts[1:], None], strict=True):
            # Between two assignments there is a comma; where the last one ends is not known.
            ends = range(start, len(self._scan.tokens)) if following is None else [following - 2]
            parts = [*targets[: group.start], _OTHER, *targets[group.stop :]]
            span = self._first(self._spans(start, ends), _OTHER_TEXT, self._deparsed(targets, parts))
            if span is None:
                return None
            spans.append(span)
        return spans

    def value(self, values: Nodes, index: int, place: Placeholder) -> Span | None:
        """Return the stretch of the value of a list that holds a placeholder; None where DEFAULT could not stand."""
        parts = [*values[:index], _DEFAULT, *values[index + 1 :]]
        return self._first(self._between_commas(place), "DEFAULT", self._deparsed(values, parts))

    def condition(self) -> Span | None:
        """Return the stretch of the condition of an UPDATE or DELETE, behind its WHERE; None where it is not found."""
        tokens = self._scan.tokens
        written = deepcopy(self.node.where_clause)
        self.node.where_clause.CopyFrom(_OTHER.res_target.val)
        wanted = postgast.deparse(self._tree)
        self.node.where_clause.CopyFrom(written)
        ends = [
            len(tokens) - 1,
            *(index - 1 for index, token in enumerate(tokens) if token.kind == TokenKind.RETURNING),
        ]
        starts = [index + 1 for index, token in enumerate(tokens) if token.kind == TokenKind.WHERE]
        spans = (span for start in starts for span in self._spans(start, [end for end in ends if end >= start]))
        return self._first(spans, "true", wanted)

    def _start(self, target: SyntaxNode) -> int:
        """Return the index of an assignment's first token."""
        at = self._draft.origin_of_byte(target.res_target.location)
        index = next(index for index, token in enumerate(self._scan.tokens) if token.start >= at)
        several = target.res_target.val.WhichOneof("node") == "multi_assign_ref"
        return index - 1 if several else index

    def _spans(self, start: int, ends: Sequence[int]) -> Iterator[Span]:
        tokens = self._scan.tokens
        return (Span(tokens[start].start, tokens[end].end) for end in ends)

    def _between_commas(self, place: Placeholder) -> Iterator[Span]:
        """Yield what stands between commas or parentheses around a placeholder, the innermost first."""
        tokens = self._scan.tokens
        at = next(index for index, token in enumerate(tokens) if token.start == place.span.start)
        first = last = at
        while first > 0 and last < len(tokens):
            first = self._bound(first - 1, -1, _CLOSING, _OPENING)
            last = self._bound(last + 1, 1, _OPENING, _CLOSING)
            if first >= 0 and last < len(tokens):
                yield Span(tokens[first + 1].start, tokens[last - 1].end)
            while first >= 0 and tokens[first].kind == _COMMA:
                first = self._bound(first - 1, -1, _CLOSING, _OPENING)
            while last < len(tokens) and tokens[last].kind == _COMMA:
                last = self._bound(last + 1, 1, _OPENING, _CLOSING)

    def _bound(self, index: int, step: int, inner: frozenset[int], outer: frozenset[int]) -> int:
        """Return the index of the next comma or parenthesis that ends a part, over all that is within parentheses."""
        tokens = self._scan.tokens
        depth = 0
        while 0 <= index < len(tokens):
            kind = tokens[index].kind
            if depth == 0 and (kind == _COMMA or kind in outer):
                return index
            depth += (kind in inner) - (kind in outer)
            index += step
        return index

    def _first(self, candidates: Iterator[Span], text: str, wanted: str) -> Span | None:
        return next((span for span in candidates if deparsed_with(self._statement, span, text) == wanted), None)

    def _deparsed(self, nodes: Nodes, parts: Sequence[SyntaxNode]) -> str:
        """Return the statement with other parts in one of its lists, as libpg_query writes it."""
        written = [deepcopy(node) for node in nodes]
        other = [deepcopy(node) for node in parts]
        del nodes[:]
        nodes.extend(other)
        text = postgast.deparse(self._tree)
        del nodes[:]
        nodes.extend(written)
        return text
