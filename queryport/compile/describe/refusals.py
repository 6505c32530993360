"""Reports what PostgreSQL refuses: its message at its place in the file, with the cure that is meant there."""

import re

from queryport.compile.describe.description import StatementError
from queryport.compile.read.draft import Draft
from queryport.compile.read.foreign_placeholders import foreign_placeholder
from queryport.compile.read.tokens import Scan
from queryport.diagnostics.reporter import Reporter
from queryport.diagnostics.source import Span

_GROUPING_ERROR = "42803"
_UNDEFINED_COLUMN = "42703"
_OPERAND_ERRORS = frozenset({"42725", "42804", "42883"})
_NEAR = 6
"""Tokens between an operator that does not fit and the placeholder whose type is in doubt."""

_CURES = {
    "42P01": "is there a migration that makes the table, and is its name spelled so?",
    "42703": "is the column's name spelled as the migrations have it?",
    "42725": "say the types of its placeholders: cast them, or name them as `params: {name: {type: …}}`",
    "42804": "say the types of its placeholders, by a cast or as `params: {name: {type: …}}`, or cast the value",
    "42883": "is there a migration that makes the function or operator, and do its argument types fit?",
}


def report_refusal(reporter: Reporter, scan: Scan, draft: Draft, error: StatementError) -> None:
    """Report PostgreSQL's error at its place in the file, with the names instead of numbers."""
    source, message = reporter.source, error.message
    for place in reversed(scan.placeholders):
        message = message.replace(f"${place.number}", source.text[place.span.start : place.span.end])
    start = draft.origin(error.position) if error.position is not None else None
    at = Span(scan.span.start, scan.span.start + 1) if start is None else source.word(start)
    names = [place.name for place in scan.placeholders]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if error.sqlstate == _GROUPING_ERROR and repeated:
        cure = (
            f"each occurrence of `:{repeated[0]}` is a parameter of its own, so the two expressions are not the same: "
            "group by the output column's number or name, or compute it once in a WITH query"
        )
        reporter.report("QP209", at, message, cure)
        return
    cure = _CURES.get(error.sqlstate) or (error.hint or "").rstrip(".") or "mend the statement; psql says the same"
    if start is not None:
        cure = (
            _misspelled_placeholder(source.text, scan, start)
            or foreign_placeholder(source.text, start, of_operator=error.sqlstate in _OPERAND_ERRORS)
            or _quoted_string(source.text, start, error.sqlstate)
            or _uncast_placeholder(scan, start, error)
            or cure
        )
    reporter.report("QP202", at, f"{message} (SQLSTATE {error.sqlstate})", cure)


def _misspelled_placeholder(text: str, scan: Scan, at: int) -> str | None:
    """`:customer-name`, of which PostgreSQL makes a difference."""
    for place in scan.placeholders:
        rest = _HYPHENATED.match(text, place.span.end)
        if rest is not None and _ends_before(scan, place.span.start) <= at <= rest.end():
            written = text[place.span.start : rest.end()]
            better = written.replace("-", "_")
            return (
                f"a placeholder's name has letters, digits and `_`: write `{better}`, for `{written}` is a difference"
            )
    return None


_HYPHENATED = re.compile(r"(?:-[A-Za-z]\w*)+")


def _ends_before(scan: Scan, start: int) -> int:
    """Return the beginning of the token directly before an offset, perhaps the operator that does not fit."""
    return max((token.start for token in scan.tokens if token.end <= start), default=start)


def _quoted_string(text: str, at: int, sqlstate: str) -> str | None:
    if sqlstate != _UNDEFINED_COLUMN or text[at : at + 1] != '"' or '"' not in text[at + 1 :]:
        return None
    written = text[at + 1 : text.index('"', at + 1)]
    return f"double quotes hold a name; if a string is meant, write '{written}' in single quotes"


def _uncast_placeholder(scan: Scan, at: int, error: StatementError) -> str | None:
    """Beside `+` or `-` PostgreSQL takes a placeholder for the type of the other side, which then does not fit."""
    found = _OPERANDS.search(error.message)
    index = next((index for index, token in enumerate(scan.tokens) if token.start >= at), None)
    if error.sqlstate not in _OPERAND_ERRORS or found is None or index is None:
        return None
    kinds = [token.kind for token in scan.tokens]
    places = {place.span.start: place for place in scan.placeholders}
    near = range(max(0, index - _NEAR), min(len(kinds), index + _NEAR + 1))
    for other in sorted(near, key=lambda other: abs(other - index)):
        place = places.get(scan.tokens[other].start)
        if place is None:
            continue
        before, behind = kinds[other - 1], [*kinds, None, None][other + 2]
        if before in _SIGNS:
            return f"cast the placeholder to the type that is meant, such as `:{place.name}::interval`"
        if behind in _SIGNS:
            meant = next((operand for operand in found.groups() if operand != "interval"), "timestamptz")
            return f"cast the placeholder to the type that is meant, such as `:{place.name}::{meant}`"
    return None


_SIGNS = frozenset({ord("+"), ord("-")})
_OPERANDS = re.compile(r": ([a-z][a-z ]*) \S+ ([a-z][a-z ]*)$")
"""The types in `operator does not exist: timestamp with time zone > interval`."""
