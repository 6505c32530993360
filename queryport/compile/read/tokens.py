"""A statement as PostgreSQL's scanner sees it: its tokens, its placeholders and its comments."""

from typing import NamedTuple

from queryport.diagnostics.source import Span

_SEMICOLON = ord(";")


class Token(NamedTuple):
    """One token of the statement; offsets are those of the file."""

    kind: int
    """One of postgast's Token numbers; a single character's is its code point."""
    start: int
    end: int
    text: str
    keyword: bool


class Placeholder(NamedTuple):
    """One occurrence of `:name`."""

    number: int
    """Its `$n`, counted from 1: AWS gives every occurrence a number of its own."""
    name: str
    span: Span


class Scan(NamedTuple):
    """A statement's tokens without its comments, and its placeholders."""

    tokens: tuple[Token, ...]
    placeholders: tuple[Placeholder, ...]
    comments: tuple[Span, ...]

    @property
    def span(self) -> Span:
        """The stretch from the statement's first token to its last, without semicolons at the end."""
        last = len(self.tokens) - 1
        while last > 0 and self.tokens[last].kind == _SEMICOLON:
            last -= 1
        return Span(self.tokens[0].start, self.tokens[last].end)

    def part(self, start: int, end: int) -> "Scan":
        """Return the statement between two offsets, without semicolons at its ends; its numbers begin anew."""
        tokens = [token for token in self.tokens if start <= token.start < end]
        while tokens[0].kind == _SEMICOLON:
            tokens.pop(0)
        while tokens[-1].kind == _SEMICOLON:
            tokens.pop()
        inside = Span(tokens[0].start, tokens[-1].end)
        places = [place for place in self.placeholders if inside.start <= place.span.start < inside.end]
        return Scan(
            tuple(tokens),
            tuple(place._replace(number=number) for number, place in enumerate(places, start=1)),
            tuple(comment for comment in self.comments if inside.start <= comment.start < inside.end),
        )


_OPEN, _CLOSE = ord("("), ord(")")


def closing(tokens: tuple[Token, ...], start: int) -> int:
    """Return the index of the parenthesis that closes the one at `start`."""
    depth = 0
    for index in range(start, len(tokens)):
        depth += (tokens[index].kind == _OPEN) - (tokens[index].kind == _CLOSE)
        if depth == 0:
            return index
    return len(tokens) - 1
