"""Finds the one type that all occurrences of a placeholder's name take."""

from collections.abc import Mapping, Sequence

from queryport.compile.describe.database import Database
from queryport.compile.describe.query_file import QueryFile
from queryport.compile.read.tokens import Placeholder, Scan
from queryport.diagnostics.source import Span

_PSEUDO_TYPE = "p"

_INTEGERS = ("int2", "int4", "int8")
_TEXTS = frozenset({"text", "varchar", "bpchar", "name", "citext"})


def agree(
    file: QueryFile, scan: Scan, oids: tuple[int, ...], untyped: frozenset[int], known: Mapping[str, int]
) -> dict[str, int] | None:
    """Return one type for each name, or None where its occurrences do not agree on one.

    `oids` are the types of the occurrences, of which the numbers in `untyped` were not inferred.
    """
    database, reporter = file.database, file.reporter
    by_name: dict[str, int] = {}
    errors = reporter.errors
    occurrences: dict[str, list[Placeholder]] = {}
    for place in scan.placeholders:
        occurrences.setdefault(place.name, []).append(place)
    for name, places in occurrences.items():
        telling = [place for place in places if _is_telling(database, place, oids, untyped)]
        if not telling and name in known:
            by_name[name] = known[name]
            continue
        if not telling:
            cure = f"name it in the front matter: `params: {{{name}: {{type: …}}}}`"
            message = f"PostgreSQL cannot infer the type of `:{name}` here"
            reporter.report("QP101", places[0].span, message, cure)
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
            kinds = [database.types[oids[place.number - 1]].sql_name for place in (first, other)]
            message = f"`:{name}` is {kinds[0]} in one place and {kinds[1]} in another"
            cure = f"cast one of them in the SQL, or name the type: `params: {{{name}: {{type: {kinds[0]}}}}}`"
            reporter.report("QP102", first.span, message, cure, also=(other.span,))
            continue
        by_name[name] = min((oids[place.number - 1] for place in telling), key=lambda oid: _width(database, oid))
    return None if reporter.errors > errors else by_name


def disagreeing(database: Database, scan: Scan, oids: tuple[int, ...], untyped: frozenset[int]) -> frozenset[str]:
    """Return the names whose occurrences were inferred to be of types that take different values."""
    families: dict[str, set[object]] = {}
    for place in scan.placeholders:
        if _is_telling(database, place, oids, untyped):
            families.setdefault(place.name, set()).add(_family(database, oids[place.number - 1]))
    return frozenset(name for name, found in families.items() if len(found) > 1)


def _is_telling(database: Database, place: Placeholder, oids: tuple[int, ...], untyped: frozenset[int]) -> bool:
    """Return whether an occurrence tells its type: of a pseudo-type such as record, no value can be read."""
    return place.number not in untyped and database.types[oids[place.number - 1]].kind != _PSEUDO_TYPE


def merge(file: QueryFile, statements: Sequence[tuple[Scan, Mapping[str, int]]]) -> dict[str, int]:
    """Return one type for each name over the statements of a file, without their references to each other's rows."""
    database, reporter = file.database, file.reporter
    by_name: dict[str, int] = {}
    first = dict[str, Span]()
    for scan, types in statements:
        places = {place.name: place.span for place in reversed(scan.placeholders)}
        for name, oid in types.items():
            if is_reference(name):
                continue
            earlier = by_name.setdefault(name, oid)
            first.setdefault(name, places[name])
            if _family(database, earlier) != _family(database, oid):
                kinds = [database.types[found].sql_name for found in (earlier, oid)]
                message = f"`:{name}` is {kinds[0]} in one statement and {kinds[1]} in another"
                cure = f"cast one of them in the SQL, or name the type: `params: {{{name}: {{type: {kinds[0]}}}}}`"
                reporter.report("QP102", first[name], message, cure, also=(places[name],))
            elif _width(database, oid) < _width(database, earlier):
                by_name[name] = oid
    return by_name


def is_reference(name: str) -> bool:
    """Return whether a placeholder is a column of an earlier statement's row, and no parameter."""
    return name.startswith("__")


def _family(database: Database, oid: int) -> object:
    """Return what types have in common that take the same JSON values, up to their range."""
    row = database.types.base(oid)
    if row.name in _INTEGERS:
        return "integer"
    return "text" if row.name in _TEXTS else row.oid


def _width(database: Database, oid: int) -> int:
    """Return the order within a family: the narrowest integer is what all occurrences take."""
    name = database.types.base(oid).name
    return _INTEGERS.index(name) if name in _INTEGERS else 0
