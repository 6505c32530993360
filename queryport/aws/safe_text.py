"""Writes a statement so that the RDS Data API leaves it alone: its placeholder scanner is no parser of PostgreSQL's.

The scanner knows no dollar quotes, so that a `:name` in a function's body would become a parameter, and it takes the
colon of a slice for one. The body is written as an ordinary string, which means the same, and a space goes behind the
colon. The tokens are PostgreSQL's own.
"""

import postgast
from postgast.pg_query_pb2 import Token as Kind

from queryport.aws.placeholders import scan


def escape_for_data_api(text: str) -> str | None:
    """The statement as it is, or another one that means the same to PostgreSQL and holds nothing for the scanner.

    None where there is no such text.
    """
    if not scan(text).placeholders:
        return text
    encoded = text.encode()
    pieces: list[bytes] = []
    copied = 0
    tokens = postgast.scan(text).tokens
    for token, following in zip(tokens, [*tokens[1:], None], strict=True):
        source = encoded[token.start : token.end]
        if token.token == Kind.SCONST and source.startswith(b"$"):
            pieces += (encoded[copied : token.start], _plain(source))
            copied = token.end
        elif token.token == ord(":") and following is not None and following.start == token.end:
            pieces += (encoded[copied : token.end], b" ")
            copied = token.end
    written = b"".join([*pieces, encoded[copied:]]).decode()
    return None if scan(written).placeholders else written


def _plain(quoted: bytes) -> bytes:
    """`$tag$it's$tag$` → `'it''s'`; backslashes stand for themselves in both, as standard_conforming_strings says."""
    tag = quoted.index(b"$", 1) + 1
    return b"'" + quoted[tag:-tag].replace(b"'", b"''") + b"'"
