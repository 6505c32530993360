"""Keeps statements away from the grammar that are nested so deeply that reading them would exhaust the stack.

PostgreSQL itself refuses such statements at some thousand levels. The depth is found in the tokens: each parenthesis
and each CASE is a level, and so is each operator, join and set operation of a chain, which the grammar nests to the
left.
"""

from collections.abc import Sequence

from google._upb import _message  # type: ignore[import-untyped]  # the package has no types
from postgast.pg_query_pb2 import Token as TokenKind

from queryport.compile.read.tokens import Token
from queryport.diagnostics.reporter import Reporter
from queryport.diagnostics.source import Span

MOST_LEVELS = 400

# protobuf stops at 100 messages within each other by itself, which is a chain of fifty operators.
_message.SetAllowOversizeProtos(True)  # noqa: FBT003 (the package's own form)

_OPENING = frozenset({ord("("), ord("["), TokenKind.CASE})
_CLOSING = frozenset({ord(")"), ord("]"), TokenKind.END_P})
# A list of these is flat, and what stands behind one begins anew.
_ENDING = frozenset({ord(","), TokenKind.AND, TokenKind.OR, TokenKind.SELECT, TokenKind.FROM, TokenKind.WHERE})
_SPANNING = frozenset({TokenKind.JOIN, TokenKind.UNION, TokenKind.INTERSECT, TokenKind.EXCEPT})
_OPERATORS = frozenset({*map(ord, "+-*/%^<>="), TokenKind.Op, TokenKind.NOT, TokenKind.TYPECAST, TokenKind.COLLATE})


def check_nesting(reporter: Reporter, tokens: Sequence[Token]) -> None:
    """Report a statement of more than MOST_LEVELS."""
    levels = [_Level()]
    outer = 0  # the depth of all levels but the last
    for token in tokens:
        level = levels[-1]
        if token.kind in _OPENING:
            outer += level.depth + 1
            levels.append(_Level())
        elif token.kind in _CLOSING and len(levels) > 1:
            levels.pop()
            outer -= levels[-1].depth + 1
        elif token.kind == ord(";"):
            levels, outer = [_Level()], 0
        elif token.kind in _SPANNING:
            level.spanning += 1
            level.operators = 0
        elif token.kind in _ENDING:
            level.operators = 0
        elif token.kind in _OPERATORS:
            level.operators += 1
        if outer + levels[-1].depth > MOST_LEVELS:
            message = f"the statement is nested more than {MOST_LEVELS} levels deep here"
            cure = "split it, or take the values in as one array or jsonb parameter"
            reporter.report("QP213", Span(token.start, token.end), message, cure)
            return


class _Level:
    """The chains that are open within one pair of parentheses."""

    __slots__ = ("operators", "spanning")

    def __init__(self) -> None:
        self.operators = 0
        self.spanning = 0

    @property
    def depth(self) -> int:
        return self.operators + self.spanning
