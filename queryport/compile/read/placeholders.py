"""Finds the placeholders of a statement in its tokens: a colon directly followed by a name."""

from collections.abc import Sequence

from postgast.pg_query_pb2 import Token as TokenKind

from queryport.compile.read.tokens import Placeholder, Token
from queryport.diagnostics.reporter import Reporter
from queryport.diagnostics.source import Span

_COLON, _OPEN, _CLOSE = ord(":"), ord("["), ord("]")
_NAMES = frozenset({TokenKind.IDENT, TokenKind.UIDENT})
_STRINGS = frozenset({TokenKind.SCONST, TokenKind.USCONST, TokenKind.BCONST, TokenKind.XCONST})
_NUMBERS = frozenset({TokenKind.ICONST, TokenKind.FCONST})
# After one of these a colon in brackets separates the bounds of a slice.
_OPERAND_ENDS = _NAMES | _STRINGS | _NUMBERS | {TokenKind.PARAM, ord(")"), _CLOSE}


def find_placeholders(reporter: Reporter, tokens: Sequence[Token]) -> list[Placeholder]:
    """Return the placeholders among the tokens; report what looks like one and cannot be."""
    text = reporter.source.text
    found: list[Placeholder] = []
    brackets = 0
    for index, token in enumerate(tokens):
        if token.kind == TokenKind.PARAM:
            cure = f"name it: `:{_suggested(token.text)}`"
            message = f"`{token.text}` is a positional parameter, which the RDS Data API never binds"
            reporter.report("QP107", Span(token.start, token.end), message, cure)
        brackets += (token.kind == _OPEN) - (token.kind == _CLOSE)
        following = tokens[index + 1] if index + 1 < len(tokens) else None
        if token.kind != _COLON or following is None or following.start != token.end:
            continue
        span = Span(token.start, following.end)
        if brackets > 0 and _separates_bounds(tokens[index - 1], token, following):
            if following.kind in _NUMBERS or following.kind in _NAMES or following.keyword:
                message = (
                    f"the RDS Data API takes `{text[span.start : span.end]}` in this array slice for a placeholder"
                )
                cure = f"put a space behind the colon: `: {following.text}`"
                reporter.report("QP106", span, message, cure)
            continue
        misnamed = _misnamed(following, text[span.start : span.end])
        if misnamed is not None:
            reporter.report(misnamed[0], span, *misnamed[1:])
        elif following.keyword or following.kind in _NAMES:
            found.append(Placeholder(len(found) + 1, following.text, span))
    return found


def _separates_bounds(before: Token, colon: Token, behind: Token) -> bool:
    """Return whether a colon in brackets stands between the bounds of an array slice."""
    if before.kind == _OPEN:
        return behind.kind in _NUMBERS  # `[:2]`, since no name begins with a digit
    return before.kind in _OPERAND_ENDS or (before.keyword and before.end == colon.start)


def _misnamed(name: Token, written: str) -> tuple[str, str, str] | None:
    """Return code, message and cure where the name behind a colon cannot be a placeholder's."""
    if name.kind in _STRINGS or (name.kind in _NAMES and not name.text[0].isalpha() and name.text[0] != "_"):
        message = f"`{written}` is psql's quoting of a variable, not a placeholder"
        return "QP104", message, "write the bare name, `:name`: values are bound, never spliced"
    if name.kind in _NUMBERS:
        message = f"`{written}` begins with a digit, expected a name"
        return "QP104", message, "let the name begin with a letter"
    if (name.kind in _NAMES or name.keyword) and not (name.text.isascii() and "$" not in name.text):
        message = f"`{written}` holds a character that the RDS Data API does not take in a name"
        return "QP104", message, "use the letters a to z, digits and _"
    if name.text.startswith("__"):
        message = f"`{written}` begins with two underscores, as Queryport's own placeholders do"
        return "QP110", message, "give the placeholder another name"
    return None


def _suggested(parameter: str) -> str:
    return f"p{parameter[1:]}"
