"""AWS's placeholder scanner, with its mistakes: where it sees `:name` in a statement, and the text that it makes of it.

It respects string literals, quoted identifiers, comments and the cast `::`. It does not know dollar quotes, so that a
`:name` in a function body is rewritten, nor array slices, so that `x[1:2]` holds a placeholder called `2`. Every
occurrence becomes a `$n` of its own. Whether a text holds several statements is told here too, by PostgreSQL's rules.
"""

import re
from functools import lru_cache
from typing import NamedTuple

_CODE = re.compile(
    r"""
      (?P<string>   (?<![\w$])[eE]'(?:[^'\\]|\\.|'')*'? | '(?:[^']|'')*'? )
    | (?P<quoted>   "(?:[^"]|"")*"? )
    | (?P<line>     --[^\r\n]* )
    | (?P<block>    /\* )
    | (?P<cast>     :: )
    | :(?P<name>    [A-Za-z0-9_]+ )
    """,
    re.VERBOSE | re.DOTALL,
)
_BLOCK_EDGE = re.compile(r"/\*|\*/")


class ScannedPlaceholder(NamedTuple):
    """One occurrence of `:name`; `start` is the offset of its colon, `end` the offset after its last character."""

    name: str
    start: int
    end: int


class Scanned(NamedTuple):
    """The placeholders of a statement in their order, and the statement as PostgreSQL gets it."""

    text: str
    placeholders: tuple[ScannedPlaceholder, ...]


@lru_cache(maxsize=512)
def scan(sql: str) -> Scanned:
    """Find what AWS takes for placeholders and replace each by `$1`, `$2`, …; offsets count characters."""
    found: list[ScannedPlaceholder] = []
    pieces: list[str] = []
    copied = at = 0
    while (match := _CODE.search(sql, at)) is not None:
        at = match.end()
        if match.lastgroup == "block":
            at = _end_of_comment(sql, at)
        elif match.lastgroup == "name":
            found.append(ScannedPlaceholder(match["name"], match.start(), at))
            pieces += (sql[copied : match.start()], f"${len(found)}")
            copied = at
    return Scanned("".join([*pieces, sql[copied:]]), tuple(found))


def _end_of_comment(sql: str, at: int) -> int:
    """The offset after a block comment, which may nest, whose opening ends at `at`."""
    depth = 1
    while depth and (edge := _BLOCK_EDGE.search(sql, at)) is not None:
        depth += 1 if edge[0] == "/*" else -1
        at = edge.end()
    return at if depth == 0 else len(sql)


_TOKEN = re.compile(
    r"""
      (?P<space>   \s+ | --[^\r\n]* )
    | (?P<block>   /\* )
    | (?P<string>  [eE]'(?:[^'\\]|\\.|'')*'? | '(?:[^']|'')*'? | "(?:[^"]|"")*"? )
    | (?P<dollar>  (?P<tag>\$(?:[^\W\d]\w*)?\$)(?:.*?(?P=tag)|.*) )
    | (?P<word>    [^\W\d][\w$]* )
    | (?P<end>     ; )
    | (?P<other>   [^\s'"$;/\-\w]+ | . )
    """,
    re.VERBOSE | re.DOTALL,
)
_ATOMIC_BODY = re.compile(r"\bBEGIN\s+ATOMIC\b", re.IGNORECASE)


@lru_cache(maxsize=512)
def has_several_statements(sql: str) -> bool:
    """Return whether anything but blanks and comments follows a semicolon that ends a statement.

    Semicolons in parentheses (CREATE RULE) and in BEGIN ATOMIC bodies end nothing; a text with such a body is left to
    PostgreSQL, which refuses several statements too.
    """
    if sql.find(";", 0, len(sql.rstrip()) - 1) < 0 or _ATOMIC_BODY.search(sql):
        return False
    ended = False
    depth = at = 0
    while (match := _TOKEN.match(sql, at)) is not None:
        at = match.end()
        kind = match.lastgroup
        if kind == "block":
            at = _end_of_comment(sql, at)
        elif kind == "end":
            ended = ended or depth == 0
        elif kind != "space":
            if ended:
                return True
            if kind == "other":
                depth += match[0].count("(") - match[0].count(")")
    return False
