"""Questions to PostgreSQL's catalogs: on types that are not built in, and on the tables behind a result's columns.

Asked in the session that ran the statement, which sees the objects of its open transaction. Every name is qualified,
since the statement may have set another search_path.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from psycopg.pq.abc import PGresult

from queryport.emulator.requests.binding import AS_TEXT, BoundArguments
from queryport.emulator.results.types import BUILT_IN, STRING, ResultType, array_of
from queryport.emulator.sessions.session import Session

_OIDS = 1028
"""The type oid[]."""

_TYPES = """
SELECT t.oid, t.typname, t.typtype, e.oid, t.typbasetype, pg_catalog.format_type(t.oid, NULL), t.typsend = 0
FROM pg_catalog.pg_type t LEFT JOIN pg_catalog.pg_type e ON e.typarray = t.oid WHERE t.oid = ANY ($1)
"""

_COLUMNS = """
SELECT a.attrelid, a.attnum, c.relname, a.attnotnull OR (t.typtype = 'd' AND t.typnotnull),
       a.attidentity <> '' OR pg_catalog.pg_get_expr(d.adbin, d.adrelid) LIKE '%nextval(%'
FROM pg_catalog.pg_attribute a
JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE a.attrelid = ANY ($1)
"""

_SUPPORTED_BY_NAME = frozenset({"vector"})
"""Types of extensions that AWS documents as supported; they have no fixed oid."""


@dataclass(frozen=True, slots=True)
class TableColumn:
    """A table's column that a result's column stands for."""

    table: str
    not_null: bool
    auto_increment: bool


async def look_up_types(session: Session, oids: Iterable[int]) -> dict[int, ResultType]:
    """The types behind oids that are not built in."""
    found: dict[int, ResultType] = {}
    for row in await _ask(session, _TYPES, oids):
        oid, (name, kind, element, base, display, unsendable) = int(row[0]), row[1:]
        if element:
            found[oid] = array_of(await _look_up_type(session, int(element)), name, display)
        elif kind == "d":  # only as an array's element: PostgreSQL describes a column by its domain's base type
            found[oid] = await _look_up_type(session, int(base))
        else:
            is_enum = kind == "e"
            codec = STRING if is_enum or name in _SUPPORTED_BY_NAME else None
            found[oid] = ResultType(name, display, codec, is_enum=is_enum, is_text_only=unsendable == "t")
    return found


async def _look_up_type(session: Session, oid: int) -> ResultType:
    return BUILT_IN.get(oid) or (await look_up_types(session, [oid]))[oid]


async def look_up_columns(session: Session, tables: Iterable[int]) -> dict[tuple[int, int], TableColumn]:
    """(table oid, column number) → column, for all columns of some tables."""
    return {
        (int(table), int(number)): TableColumn(relation, not_null == "t", generated == "t")
        for table, number, relation, not_null, generated in await _ask(session, _COLUMNS, tables)
    }


async def _ask(session: Session, query: str, oids: Iterable[int]) -> list[list[str]]:
    rows: list[list[str]] = []

    def add(result: PGresult) -> None:
        rows.extend(
            [(result.get_value(row, column) or b"").decode() for column in range(result.nfields)]
            for row in range(result.ntuples)
        )

    literal = f"{{{','.join(str(oid) for oid in sorted(set(oids)))}}}"
    await session.execute(query, BoundArguments([_OIDS], [literal.encode()], [AS_TEXT]), rows=add)
    return rows
