"""Reads the type of each placeholder from PostgreSQL, by preparing the statement.

Each occurrence of `:name` is its own `$n`, as in the RDS Data API. What PostgreSQL cannot infer for one occurrence
(`:p IS NULL` never can) it may know from another of the same name, and where occurrences differ, from the statement
with one `$n` for all of them; only where none tells is the author asked.
"""

from collections.abc import Mapping, Set
from types import MappingProxyType
from typing import NamedTuple

from queryport.compile.describe.agreement import agree, disagreeing
from queryport.compile.describe.database import TEXT_OID, UNKNOWN_OID
from queryport.compile.describe.description import Description, StatementError
from queryport.compile.describe.query_file import QueryFile, without_comments
from queryport.compile.describe.refusals import report_refusal
from queryport.compile.read.draft import Draft, Edit
from queryport.compile.read.tokens import Scan

_INDETERMINATE = "42P18"


class Inference(NamedTuple):
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
    inferred = _described(file, draft, oids)
    untyped = inferred.untyped
    if isinstance(inferred.outcome, StatementError):
        unsettled = frozenset(place.name for place in scan.placeholders) - declared.keys()
    else:
        unsettled = disagreeing(file.database, scan, inferred.outcome.parameter_oids, untyped) - declared.keys()
    shared = _shared_types(file, scan, declared, unsettled) if unsettled else {}
    if shared:
        return infer(file, scan, draft, known, {**fixed, **shared})
    if isinstance(inferred.outcome, StatementError):
        report_refusal(file.reporter, scan, draft, inferred.outcome)
        return None
    by_name = agree(file, scan, inferred.outcome.parameter_oids, untyped, known)
    if by_name is None:
        return None
    final = [
        by_name[place.name] if place.number in untyped else inferred.outcome.parameter_oids[place.number - 1]
        for place in scan.placeholders
    ]
    try:
        return Inference(tuple(final), by_name, file.database.prepare(draft.text, final))
    except StatementError as error:
        report_refusal(file.reporter, scan, draft, error)
        return None


class _Attempt(NamedTuple):
    """PostgreSQL's answer to a text whose placeholders are to be typed."""

    outcome: Description | StatementError
    untyped: frozenset[int]
    """The numbers that PostgreSQL could not type by themselves, and that are text now."""


def _described(file: QueryFile, draft: Draft, oids: list[int]) -> _Attempt:
    untyped: set[int] = set()
    while True:
        try:
            return _Attempt(file.database.prepare(draft.text, oids), frozenset(untyped))
        except StatementError as error:
            number = _indeterminate(error)
            if number is None or number in untyped:
                return _Attempt(error, frozenset(untyped))
            # Any type lets the others be inferred; this one is then looked up among them.
            untyped.add(number)
            oids[number - 1] = TEXT_OID


def _shared_types(file: QueryFile, scan: Scan, declared: Mapping[str, int], names: Set[str]) -> dict[str, int]:
    """Return the types of names that stand several times, if PostgreSQL takes all occurrences of each as one `$n`.

    The type that one place gives then holds in the others, as for `:day` in `generate_series(:day, …)` and `d > :day`.
    """
    numbers: dict[str, int] = {}
    edits = without_comments(scan)
    for place in scan.placeholders:
        edits.append(Edit(place.span, f"${numbers.setdefault(place.name, len(numbers) + 1)}"))
    if len(numbers) == len(scan.placeholders):
        return {}
    oids = [declared.get(name, UNKNOWN_OID) for name in numbers]
    outcome, untyped = _described(file, Draft(file.source, scan.span, edits), oids)
    if isinstance(outcome, StatementError):
        return {}
    written = [place.name for place in scan.placeholders]
    return {
        name: outcome.parameter_oids[number - 1]
        for name, number in numbers.items()
        if name in names and number not in untyped and written.count(name) > 1
    }


def _declared(file: QueryFile, scan: Scan) -> dict[str, int] | None:
    """Return the oids of the types that the front matter names, or None where one does not exist."""
    oids: dict[str, int] = {}
    errors = file.reporter.errors
    for name in {place.name: None for place in scan.placeholders}:
        written = file.front_matter.parameter(name).type
        if written is None:
            continue
        oid = file.database.types.oid(written)
        if oid is None:
            message = f"there is no type `{written}` in the database"
            cure = "write a PostgreSQL type, such as `bigint`, `text[]` or one that a migration makes"
            if written.lower() in _TYPES_OF_JSON:
                cure = f"`{written}` is a type of JSON: write PostgreSQL's, {_TYPES_OF_JSON[written.lower()]}"
            file.reporter.report("QP108", file.header.value("params", name, "type"), message, cure)
        else:
            oids[name] = oid
    return None if file.reporter.errors > errors else oids


def _indeterminate(error: StatementError) -> int | None:
    """Return the number of the parameter that PostgreSQL could not type; None for another error."""
    number = error.message.rpartition("$")[2]
    return int(number) if error.sqlstate == _INDETERMINATE and number.isdigit() else None


_TYPES_OF_JSON = {
    "object": "`jsonb`",
    "string": "`text`",
    "number": "`numeric` or `float8`",
    "array": "such as `text[]`, or `jsonb`",
}
