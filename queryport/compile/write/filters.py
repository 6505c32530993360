"""Finds optional filters: a condition `(:p IS NULL OR …)` is left out of a call that gives no `p`.

The planner then sees only the conditions that count.
"""

from collections.abc import Iterator

from postgast.pg_query_pb2 import Token as TokenKind

from queryport.compile.read.tokens import Scan, Token
from queryport.diagnostics.source import Span

# A condition between these stands by itself in an AND list, so `true` can stand for it.
_BEFORE = frozenset({TokenKind.WHERE, TokenKind.AND, TokenKind.ON})
_AFTER = frozenset(
    {
        *(
            TokenKind.AND,
            ord(")"),
            ord(";"),
            TokenKind.ORDER,
            TokenKind.GROUP_P,
            TokenKind.HAVING,
            TokenKind.LIMIT,
            TokenKind.OFFSET,
            TokenKind.FETCH,
        ),
        *(TokenKind.FOR, TokenKind.WINDOW, TokenKind.RETURNING, TokenKind.UNION, TokenKind.INTERSECT, TokenKind.EXCEPT),
    }
)
_OPEN, _CLOSE, _COMMA = ord("("), ord(")"), ord(",")


def optional_filters(scan: Scan, absentable: frozenset[str]) -> Iterator[tuple[Span, str]]:
    """Yield the conditions `(:p IS NULL OR …)` that are true whenever `p` is NULL; of nested ones the outermost."""
    tokens = scan.tokens
    names = {place.span.start: place for place in scan.placeholders}
    end = 0
    for index in range(1, len(tokens) - 1):
        place = names.get(tokens[index + 1].start)
        if tokens[index].kind != _OPEN or tokens[index].start < end or place is None or place.name not in absentable:
            continue
        close = closing(tokens, index)
        tested = _after_null_test(tokens, index + 3)
        if (
            tested is not None
            and tokens[index - 1].kind in _BEFORE
            and (close + 1 == len(tokens) or tokens[close + 1].kind in _AFTER)
            and not _has_comma(tokens, index, close)
        ):
            end = tokens[close].end
            yield Span(tokens[index].start, end), place.name


def _after_null_test(tokens: tuple[Token, ...], index: int) -> int | None:
    """Return the index behind `IS NULL OR`, which may follow a cast; None where something else stands."""
    if index < len(tokens) and tokens[index].kind == TokenKind.TYPECAST:
        while index < len(tokens) and tokens[index].kind not in (TokenKind.IS, _OPEN, _CLOSE, _COMMA):
            index += 1
    kinds = [token.kind for token in tokens[index : index + 3]]
    return index + 3 if kinds == [TokenKind.IS, TokenKind.NULL_P, TokenKind.OR] else None


def _has_comma(tokens: tuple[Token, ...], start: int, end: int) -> bool:
    """Return whether the parentheses hold a row or arguments, not a condition."""
    depth = 0
    for token in tokens[start:end]:
        depth += (token.kind == _OPEN) - (token.kind == _CLOSE)
        if depth == 1 and token.kind == _COMMA:
            return True
    return False


def closing(tokens: tuple[Token, ...], start: int) -> int:
    """Return the index of the parenthesis that closes the one at `start`."""
    depth = 0
    for index in range(start, len(tokens)):
        depth += (tokens[index].kind == _OPEN) - (tokens[index].kind == _CLOSE)
        if depth == 0:
            return index
    return len(tokens) - 1
