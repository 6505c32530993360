"""Reports a syntax error with the cure that is meant where it stands."""

from postgast.pg_query_pb2 import Token as TokenKind

from queryport.compile.read.foreign_placeholders import foreign_placeholder
from queryport.compile.read.tokens import Scan
from queryport.diagnostics.reporter import Reporter

_BEFORE_A_TABLE = frozenset(
    {TokenKind.FROM, TokenKind.JOIN, TokenKind.INTO, TokenKind.UPDATE, TokenKind.TABLE, TokenKind.USING}
)


def report_syntax_error(reporter: Reporter, scan: Scan, at: int, message: str) -> None:
    """Report libpg_query's message about an offset of the file, with names instead of numbers."""
    for place in reversed(scan.placeholders):
        message = message.replace(f'"${place.number}"', f'":{place.name}"')
    cure = _cure_of_placeholder(scan, at) or foreign_placeholder(reporter.source.text, at)
    reporter.report("QP201", reporter.source.word(at), message, cure or "PostgreSQL reads up to there")


def _cure_of_placeholder(scan: Scan, at: int) -> str | None:
    """Return the cure where the error is a placeholder, by the word in front of it."""
    place = next((place for place in scan.placeholders if place.span.start == at), None)
    if place is None:
        return None
    before = [token for token in scan.tokens if token.end <= at]
    if before and before[-1].kind == TokenKind.IN_P:
        return f"a list is one array: `= ANY(:{place.name})`"
    if before and before[-1].kind in _BEFORE_A_TABLE:
        return "a table cannot be a value: write its name, and a file for each table"
    return None
