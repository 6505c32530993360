"""Finds the placeholders of a statement in PostgreSQL's own token stream.

A placeholder is a colon directly followed by a name. Since the tokens are PostgreSQL's, strings, quoted names,
comments, `::` and dollar quotes cannot be mistaken for one. Also holds Draft, a text with parts replaced that remembers
where each character came from, so that whatever PostgreSQL says about it can be shown in the file.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import postgast
from postgast.pg_query_pb2 import Token as TokenKind

from queryport.diagnostics.source import Problem, Source, Span


@dataclass(frozen=True, slots=True)
class Token:
    """One token of the statement; offsets are those of the file."""

    kind: int
    """One of postgast's Token numbers; a single character's is its code point."""
    start: int
    end: int
    text: str
    keyword: bool


@dataclass(frozen=True, slots=True)
class Placeholder:
    """One occurrence of `:name`."""

    number: int
    """Its `$n`, counted from 1: AWS gives every occurrence a number of its own."""
    name: str
    span: Span


@dataclass(frozen=True, slots=True)
class Edit:
    """Replaces a stretch of the file's text."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class Scan:
    """A statement's tokens without its comments, and its placeholders."""

    tokens: tuple[Token, ...]
    placeholders: tuple[Placeholder, ...]
    comments: tuple[Span, ...]

    @property
    def span(self) -> Span:
        """From the statement's first token to its last; semicolons at the end are not part of it."""
        last = len(self.tokens) - 1
        while last > 0 and self.tokens[last].kind == _SEMICOLON:
            last -= 1
        return Span(self.tokens[0].start, self.tokens[last].end)

    def part(self, start: int, end: int) -> "Scan":
        """What lies between two offsets, the semicolons at either end left out; placeholders are numbered from 1."""
        tokens = [token for token in self.tokens if start <= token.start < end]
        while tokens[0].kind == _SEMICOLON:
            tokens.pop(0)
        while tokens[-1].kind == _SEMICOLON:
            tokens.pop()
        inside = Span(tokens[0].start, tokens[-1].end)
        places = [place for place in self.placeholders if inside.start <= place.span.start < inside.end]
        return Scan(
            tuple(tokens),
            tuple(replace(place, number=number) for number, place in enumerate(places, start=1)),
            tuple(comment for comment in self.comments if inside.start <= comment.start < inside.end),
        )


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
            for text, origin, kept in (
                (source.text[here : edit.span.start], here, True),
                (edit.text, edit.span.start, False),
            ):
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
        """The offset in the file of the character at `position` of `text`; of a replaced part, where it began."""
        index = bisect_right(self._starts, position) - 1
        origin, kept = self._origins[index]
        return origin + (position - self._starts[index] if kept else 0)


_COLON, _SEMICOLON, _OPEN, _CLOSE = ord(":"), ord(";"), ord("["), ord("]")
_NAMES = frozenset({TokenKind.IDENT, TokenKind.UIDENT})
_STRINGS = frozenset({TokenKind.SCONST, TokenKind.USCONST, TokenKind.BCONST, TokenKind.XCONST})
_NUMBERS = frozenset({TokenKind.ICONST, TokenKind.FCONST})
# After one of these a colon in brackets separates the bounds of a slice.
_OPERAND_ENDS = _NAMES | _STRINGS | _NUMBERS | {TokenKind.PARAM, ord(")"), _CLOSE}


def scan(source: Source, start: int) -> tuple[Scan, list[Problem]]:
    """Scans the file's text from `start` on. With problems, the Scan holds what could be made out."""
    body = source.text[start:]
    if "\0" in body:
        at = start + body.index("\0")
        problem = source.problem("QP002", Span(at, at + 1), "the file holds the character U+0000", "remove it")
        return Scan((), (), ()), [problem]
    try:
        scanned = postgast.scan(body)
    except postgast.PgQueryError as error:
        at = start + character_offset(body, error.cursorpos - 1)
        problem = source.problem("QP201", Span(at, at + 1), error.message, "close what is open there")
        return Scan((), (), ()), [problem]
    to_character = _character_offsets(body)
    tokens: list[Token] = []
    comments: list[Span] = []
    for found in scanned.tokens:
        begin, end = start + to_character(found.start), start + to_character(found.end)
        if found.token in (TokenKind.SQL_COMMENT, TokenKind.C_COMMENT):
            comments.append(Span(begin, end))
        else:
            tokens.append(Token(found.token, begin, end, source.text[begin:end], found.keyword_kind != 0))
    placeholders, problems = _placeholders(source, tokens)
    return Scan(tuple(tokens), tuple(placeholders), tuple(comments)), problems


def character_offset(text: str, byte_offset: int) -> int:
    """libpg_query counts bytes of UTF-8; this counts characters."""
    return len(text.encode()[: max(0, byte_offset)].decode(errors="ignore"))


def _character_offsets(text: str) -> Callable[[int], int]:
    if text.isascii():
        return int
    starts = [0]
    for character in text:
        starts.append(starts[-1] + len(character.encode()))
    return lambda offset: bisect_right(starts, offset) - 1


def _placeholders(source: Source, tokens: list[Token]) -> tuple[list[Placeholder], list[Problem]]:
    found: list[Placeholder] = []
    problems: list[Problem] = []
    brackets = 0
    for index, token in enumerate(tokens):
        if token.kind == TokenKind.PARAM:
            cure = f"name it: `:{_suggested(token.text)}`"
            message = f"`{token.text}` is a positional parameter, which the RDS Data API never binds"
            problems.append(source.problem("QP107", Span(token.start, token.end), message, cure))
        brackets += (token.kind == _OPEN) - (token.kind == _CLOSE)
        following = tokens[index + 1] if index + 1 < len(tokens) else None
        if token.kind != _COLON or following is None or following.start != token.end:
            continue
        span = Span(token.start, following.end)
        if brackets > 0 and index > 0 and tokens[index - 1].kind in _OPERAND_ENDS:
            if following.kind in _NUMBERS or following.kind in _NAMES or following.keyword:
                message = f"the RDS Data API takes `{source.text[slice(*span)]}` in this array slice for a placeholder"
                cure = f"put a space behind the colon: `: {following.text}`"
                problems.append(source.problem("QP106", span, message, cure))
            continue
        problem = _misnamed(source, following, span)
        if problem is not None:
            problems.append(problem)
        elif following.keyword or following.kind in _NAMES:
            found.append(Placeholder(len(found) + 1, following.text, span))
    return found, problems


def _misnamed(source: Source, name: Token, span: Span) -> Problem | None:
    """What is wrong with the name behind a colon, if anything is."""
    written = source.text[slice(*span)]
    if name.kind in _STRINGS or (name.kind in _NAMES and not name.text[0].isalpha() and name.text[0] != "_"):
        message = f"`{written}` is psql's quoting of a variable, not a placeholder"
        return source.problem("QP104", span, message, "write the bare name, `:name`: values are bound, never spliced")
    if name.kind in _NUMBERS:
        message = f"`{written}` begins with a digit, expected a name"
        return source.problem("QP104", span, message, "let the name begin with a letter")
    if (name.kind in _NAMES or name.keyword) and not (name.text.isascii() and "$" not in name.text):
        message = f"`{written}` holds a character that the RDS Data API does not take in a name"
        return source.problem("QP104", span, message, "use the letters a to z, digits and _")
    if name.text.startswith("__"):
        message = f"`{written}` begins with two underscores, as Queryport's own placeholders do"
        return source.problem("QP110", span, message, "give the placeholder another name")
    return None


def _suggested(parameter: str) -> str:
    return f"p{parameter[1:]}"
