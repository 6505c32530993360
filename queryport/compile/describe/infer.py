"""Reads the type of each placeholder from PostgreSQL, by preparing the statement.

Each occurrence of `:name` is its own `$n`, as in the RDS Data API. What PostgreSQL cannot infer for one occurrence
(`:p IS NULL` never can) it may know from another of the same name; only where none tells is the author asked.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from queryport.compile.describe.agreement import agree
from queryport.compile.describe.database import TEXT_OID, UNKNOWN_OID, Description, StatementError
from queryport.compile.describe.query_file import QueryFile
from queryport.compile.read.draft import Draft
from queryport.compile.read.tokens import Scan
from queryport.diagnostics.reporter import Reporter
from queryport.diagnostics.source import Span

_INDETERMINATE = "42P18"
_GROUPING_ERROR = "42803"


@dataclass(frozen=True, slots=True)
class Inference:
    """The types of a statement's placeholders, and what the statement gives."""

    oids: tuple[int, ...]
    """Of each occurrence, in order: each is cast to its own."""
    by_name: dict[str, int]
    """Of each name: where occurrences differ within a family, the type that all of them take."""
    description: Description


def infer(
    file: QueryFile,
    scan: Scan,
    draft: Draft,
    known: Mapping[str, int] = MappingProxyType({}),
    fixed: Mapping[str, int] = MappingProxyType({}),
) -> Inference | None:
    """Type every placeholder of a statement, whose `draft` is as `numbered` writes it; None where one has no type.

    `known` are the types that earlier statements of the file gave to names, `fixed` are those that cannot be others.
    """
    declared = _declared(file, scan)
    if declared is None:
        return None
    declared |= fixed
    oids = [declared.get(place.name, UNKNOWN_OID) for place in scan.placeholders]
    untyped: set[int] = set()
    while True:
        try:
            description = file.database.prepare(draft.text, oids)
            break
        except StatementError as error:
            number = _indeterminate(error)
            if number is None or number in untyped:
                _report_refusal(file.reporter, scan, draft, error)
                return None
            # Any type lets the others be inferred; this one is then looked up among them.
            untyped.add(number)
            oids[number - 1] = TEXT_OID
    by_name = agree(file, scan, description.parameter_oids, frozenset(untyped), known)
    if by_name is None:
        return None
    final = [
        by_name[place.name] if place.number in untyped else description.parameter_oids[place.number - 1]
        for place in scan.placeholders
    ]
    try:
        return Inference(tuple(final), by_name, file.database.prepare(draft.text, final))
    except StatementError as error:
        _report_refusal(file.reporter, scan, draft, error)
        return None


def _declared(file: QueryFile, scan: Scan) -> dict[str, int] | None:
    """Return the oids of the types that the front matter names, or None where one does not exist."""
    oids: dict[str, int] = {}
    errors = file.reporter.errors
    for name in {place.name: None for place in scan.placeholders}:
        written = file.front_matter.parameter(name).type
        if written is None:
            continue
        oid = file.database.type_oid(written)
        if oid is None:
            message = f"there is no type `{written}` in the database"
            cure = "write a PostgreSQL type, such as `bigint`, `text[]` or one that a migration makes"
            file.reporter.report("QP108", file.header.value("params", name, "type"), message, cure)
        else:
            oids[name] = oid
    return None if file.reporter.errors > errors else oids


def _indeterminate(error: StatementError) -> int | None:
    """Return the number of the parameter that PostgreSQL could not type, if that is its error."""
    number = error.message.rpartition("$")[2]
    return int(number) if error.sqlstate == _INDETERMINATE and number.isdigit() else None


def _report_refusal(reporter: Reporter, scan: Scan, draft: Draft, error: StatementError) -> None:
    """Report PostgreSQL's error at its place in the file, with the names instead of numbers."""
    source, message = reporter.source, error.message
    for place in reversed(scan.placeholders):
        message = message.replace(f"${place.number}", source.text[place.span.start : place.span.end])
    span = scan.span
    at = source.word(draft.origin(error.position)) if error.position is not None else Span(span.start, span.start + 1)
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
    reporter.report("QP202", at, f"{message} (SQLSTATE {error.sqlstate})", cure)


_CURES = {
    "42P01": "is there a migration that makes the table, and is its name spelled so?",
    "42703": "is the column's name spelled as the migrations have it?",
    "42725": "say the types of its placeholders: cast them, or name them as `params: {name: {type: …}}`",
    "42804": "say the types of its placeholders, by a cast or as `params: {name: {type: …}}`, or cast the value",
    "42883": "is there a migration that makes the function or operator, and do its argument types fit?",
}
