"""Scans a query file's text into tokens, by PostgreSQL's own scanner.

Since the tokens are PostgreSQL's, strings, quoted names, comments, `::` and dollar quotes cannot be mistaken for a
placeholder.
"""

from bisect import bisect_right
from collections.abc import Callable

import postgast
from postgast.pg_query_pb2 import Token as TokenKind

from queryport.compile.read.placeholders import find_placeholders
from queryport.compile.read.tokens import Scan, Token
from queryport.diagnostics.reporter import Reporter
from queryport.diagnostics.source import Span

_COMMENTS = frozenset({TokenKind.SQL_COMMENT, TokenKind.C_COMMENT})
_STRINGS = frozenset({TokenKind.SCONST, TokenKind.BCONST, TokenKind.XCONST})


def scan(reporter: Reporter, start: int) -> Scan:
    """Scan the file's text from `start` on; a text that is no SQL at all gives an empty Scan."""
    source = reporter.source
    body = source.text[start:]
    if "\0" in body:
        at = start + body.index("\0")
        reporter.report("QP002", Span(at, at + 1), "the file holds the character U+0000", "remove it")
        return Scan((), (), ())
    try:
        scanned = postgast.scan(body)
    except postgast.PgQueryError as error:
        at = start + max(0, error.cursorpos - 1)
        reporter.report("QP201", Span(at, at + 1), error.message, "close what is open there")
        return Scan((), (), ())
    to_character = _character_offsets(body)
    tokens: list[Token] = []
    comments: list[Span] = []
    waiting: list[tuple[int, Span]] = []
    before = None
    for found in scanned.tokens:
        span = Span(start + to_character(found.start), start + to_character(found.end))
        if found.token in _COMMENTS:
            waiting.append((found.token, span))
            continue
        # A string goes on behind a comment that ends with its line; any other is why PostgreSQL refuses it, and stays.
        parts_strings = before in _STRINGS and found.token in _STRINGS
        comments += [each for kind, each in waiting if not (parts_strings and kind == TokenKind.C_COMMENT)]
        waiting.clear()
        before = found.token
        tokens.append(
            Token(found.token, span.start, span.end, source.text[span.start : span.end], found.keyword_kind != 0)
        )
    comments += [each for _, each in waiting]
    return Scan(tuple(tokens), tuple(find_placeholders(reporter, tokens)), tuple(comments))


def _character_offsets(text: str) -> Callable[[int], int]:
    if text.isascii():
        return int
    starts = [0]
    for character in text:
        starts.append(starts[-1] + len(character.encode()))
    return lambda offset: bisect_right(starts, offset) - 1
