"""The type of each placeholder, read from PostgreSQL by preparing the statement.

Each occurrence of `:name` is its own `$n`, as in the RDS Data API. What PostgreSQL cannot infer for one occurrence
(`:p IS NULL` never can) it may know from another of the same name; only where none tells is the author asked.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from queryport.compile.describe.database import TEXT_OID, UNKNOWN_OID, Database, Description, StatementError
from queryport.compile.read.front_matter import Header
from queryport.compile.read.scan import Draft, Edit, Placeholder, Scan
from queryport.compile.read.statement import word_at
from queryport.diagnostics.near_names import did_you_mean
from queryport.diagnostics.source import Problem, Source, Span

_INDETERMINATE = "42P18"
_GROUPING_ERROR = "42803"
_PSEUDO_TYPE = "p"

_INTEGERS = ("int2", "int4", "int8")
_TEXTS = frozenset({"text", "varchar", "bpchar", "name", "citext"})


@dataclass(frozen=True, slots=True)
class Inference:
    """The types of a statement's placeholders, and what the statement gives."""

    oids: tuple[int, ...]
    """Of each occurrence, in order: each is cast to its own."""
    by_name: dict[str, int]
    """Of each name: where occurrences differ within a family, the type that all of them take."""
    description: Description


def numbered(source: Source, scan: Scan) -> Draft:
    """The statement with `$n` for each occurrence of a placeholder, and without its comments."""
    edits = [Edit(place.span, f"${place.number}") for place in scan.placeholders]
    return Draft(source, scan.span, [*edits, *without_comments(scan)])


def without_comments(scan: Scan) -> list[Edit]:
    """A comment may hold what the RDS Data API would misread, and one at the end would swallow what follows."""
    return [Edit(comment, " ") for comment in scan.comments]


def infer(
    database: Database,
    source: Source,
    header: Header,
    scan: Scan,
    draft: Draft,
    known: Mapping[str, int] = MappingProxyType({}),
    fixed: Mapping[str, int] = MappingProxyType({}),
) -> tuple[Inference | None, list[Problem]]:
    """Types every placeholder. Without problems the Inference is whole; with any there is none.

    `known` are the types that earlier statements of the file gave to names, `fixed` are those that cannot be others.
    """
    declared, problems = _declared(database, source, header, scan)
    if problems:
        return None, problems
    declared |= fixed
    oids = [declared.get(place.name, UNKNOWN_OID) for place in scan.placeholders]
    silent: set[int] = set()
    while True:
        try:
            description = database.prepare(draft.text, oids)
            break
        except StatementError as error:
            number = _indeterminate(error)
            if number is None or number in silent:
                return None, [_refusal(source, scan, draft, error)]
            # Any type lets the others be inferred; this one is then looked up among them.
            silent.add(number)
            oids[number - 1] = TEXT_OID
    by_name, problems = _agree(database, source, scan, description.parameter_oids, silent, known)
    if problems:
        return None, problems
    final = [
        by_name[place.name] if place.number in silent else description.parameter_oids[place.number - 1]
        for place in scan.placeholders
    ]
    try:
        return Inference(tuple(final), by_name, database.prepare(draft.text, final)), []
    except StatementError as error:
        return None, [_refusal(source, scan, draft, error)]


def _declared(database: Database, source: Source, header: Header, scan: Scan) -> tuple[dict[str, int], list[Problem]]:
    """The oids of the types that the front matter names."""
    oids: dict[str, int] = {}
    problems = []
    for name in {place.name: None for place in scan.placeholders}:
        written = header.front_matter.parameter(name).type
        if written is None:
            continue
        oid = database.type_oid(written)
        if oid is None:
            message = f"there is no type `{written}` in the database"
            cure = "write a PostgreSQL type, such as `bigint`, `text[]` or one that a migration makes"
            problems.append(source.problem("QP108", header.value("params", name, "type"), message, cure))
        else:
            oids[name] = oid
    return oids, problems


def _indeterminate(error: StatementError) -> int | None:
    """The number of the parameter that PostgreSQL could not type, if that is what it says."""
    number = error.message.rpartition("$")[2]
    return int(number) if error.sqlstate == _INDETERMINATE and number.isdigit() else None


def _agree(
    database: Database,
    source: Source,
    scan: Scan,
    oids: tuple[int, ...],
    silent: set[int],
    known: Mapping[str, int],
) -> tuple[dict[str, int], list[Problem]]:
    """One type for each name, or the occurrences that do not agree on one."""
    by_name: dict[str, int] = {}
    problems = []
    occurrences: dict[str, list[Placeholder]] = {}
    for place in scan.placeholders:
        occurrences.setdefault(place.name, []).append(place)
    for name, places in occurrences.items():
        # Of a pseudo-type such as record, the comparison's other side is not enough to read a value.
        telling = [
            place
            for place in places
            if place.number not in silent and database.type(oids[place.number - 1]).kind != _PSEUDO_TYPE
        ]
        if not telling and name in known:
            by_name[name] = known[name]
            continue
        if not telling:
            cure = f"name it in the front front_matter: `params: {{{name}: {{type: …}}}}`"
            message = f"PostgreSQL cannot infer the type of `:{name}` here"
            problems.append(source.problem("QP101", places[0].span, message, cure))
            continue
        first = telling[0]
        other = next(
            (
                place
                for place in telling
                if _family(database, oids[place.number - 1]) != _family(database, oids[first.number - 1])
            ),
            None,
        )
        if other is not None:
            kinds = [database.type(oids[place.number - 1]).sql_name for place in (first, other)]
            message = f"`:{name}` is {kinds[0]} in one place and {kinds[1]} in another"
            cure = f"cast one of them in the SQL, or name the type: `params: {{{name}: {{type: {kinds[0]}}}}}`"
            problems.append(source.problem("QP102", first.span, message, cure, also=(other.span,)))
            continue
        by_name[name] = min((oids[place.number - 1] for place in telling), key=lambda oid: _width(database, oid))
    return by_name, problems


def merged(
    database: Database, source: Source, parts: Sequence[tuple[Scan, Inference]]
) -> tuple[dict[str, int], list[Problem]]:
    """One type for each name over the statements of a file; what they refer to in each other's rows is left out."""
    by_name: dict[str, int] = {}
    first: dict[str, Span] = {}
    problems = []
    for scan, inference in parts:
        places = {place.name: place.span for place in reversed(scan.placeholders)}
        for name, oid in inference.by_name.items():
            if is_reference(name):
                continue
            earlier = by_name.setdefault(name, oid)
            first.setdefault(name, places[name])
            if _family(database, earlier) != _family(database, oid):
                kinds = [database.type(found).sql_name for found in (earlier, oid)]
                message = f"`:{name}` is {kinds[0]} in one statement and {kinds[1]} in another"
                cure = f"cast one of them in the SQL, or name the type: `params: {{{name}: {{type: {kinds[0]}}}}}`"
                problems.append(source.problem("QP102", first[name], message, cure, also=(places[name],)))
            elif _width(database, oid) < _width(database, earlier):
                by_name[name] = oid
    return by_name, problems


def is_reference(name: str) -> bool:
    """Whether a placeholder is a column of an earlier statement's row, and no parameter."""
    return name.startswith("__")


def _family(database: Database, oid: int) -> object:
    """Types of one family take the same JSON values, up to their range."""
    row = database.base_type(oid)
    if row.name in _INTEGERS:
        return "integer"
    return "text" if row.name in _TEXTS else row.oid


def _width(database: Database, oid: int) -> int:
    """Orders a family: the narrowest integer is what all its occurrences take."""
    name = database.base_type(oid).name
    return _INTEGERS.index(name) if name in _INTEGERS else 0


def _refusal(source: Source, scan: Scan, draft: Draft, error: StatementError) -> Problem:
    """PostgreSQL's error, at its place in the file and with the names instead of numbers."""
    message = error.message
    for place in reversed(scan.placeholders):
        message = message.replace(f"${place.number}", source.text[place.span.start : place.span.end])
    span = scan.span
    at = (
        word_at(source, draft.origin(error.position))
        if error.position is not None
        else Span(span.start, span.start + 1)
    )
    names = [place.name for place in scan.placeholders]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if error.sqlstate == _GROUPING_ERROR and repeated:
        cure = (
            f"each occurrence of `:{repeated[0]}` is a parameter of its own, so the two expressions are not the same: "
            "group by the output column's number or name, or compute it once in a WITH query"
        )
        return source.problem("QP209", at, message, cure)
    cure = _CURES.get(error.sqlstate) or (error.hint or "").rstrip(".") or "mend the statement; psql says the same"
    return source.problem("QP202", at, f"{message} (SQLSTATE {error.sqlstate})", cure)


_CURES = {
    "42P01": "is there a migration that makes the table, and is its name spelled so?",
    "42703": "is the column's name spelled as the migrations have it?",
    "42725": "say the types of its placeholders: cast them, or name them as `params: {name: {type: …}}`",
    "42804": "say the types of its placeholders, by a cast or as `params: {name: {type: …}}`, or cast the value",
    "42883": "is there a migration that makes the function or operator, and do its argument types fit?",
}


def unused_entries(source: Source, header: Header, scan: Scan) -> list[Problem]:
    """Entries under `params:` that no placeholder has the name of."""
    names = {place.name for place in scan.placeholders}
    problems = []
    for name in header.front_matter.params:
        if name in names:
            continue
        cure = did_you_mean(name, names, f"use `:{name}` in the statement, or delete the entry")
        span = header.key("params", name)
        problems.append(source.problem("QP103", span, f"the statement has no placeholder `:{name}`", cure))
    return problems
