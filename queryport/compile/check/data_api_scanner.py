"""Checks that AWS's scanner, which knows no dollar quotes, sees the same placeholders as PostgreSQL's."""

from postgast.pg_query_pb2 import Token as TokenKind

from queryport.aws import placeholders as scanner
from queryport.compile.describe.query_file import without_comments
from queryport.compile.read.draft import Draft
from queryport.compile.read.tokens import Scan
from queryport.diagnostics.reporter import Reporter
from queryport.diagnostics.source import Span


def check_data_api_scanner(reporter: Reporter, scan: Scan) -> None:
    """Report strings that the RDS Data API takes for placeholders, and placeholders that it takes for strings."""
    draft = Draft(reporter.source, scan.span, without_comments(scan))
    ours = {place.span.start: place.span for place in scan.placeholders}
    seen = {draft.origin(place.start): place.name for place in scanner.scan(draft.text).placeholders}
    cure = "write the string with ordinary quotes, '…', and a quote in it doubled"
    strings = [token for token in scan.tokens if token.kind == TokenKind.SCONST]
    for at in sorted(seen.keys() - ours.keys()):
        if any(token.start < at < token.end for token in strings):
            message = f"the RDS Data API takes `:{seen[at]}` in this string for a placeholder"
            reporter.report("QP105", Span(at, at + 1 + len(seen[at])), message, cure)
    for at in sorted(ours.keys() - seen.keys()):
        if not reporter.has("QP106"):
            message = "the RDS Data API takes this placeholder for a part of the string before it"
            reporter.report("QP105", ours[at], message, cure)
