"""`queryport check --live`: whether a deployed database still is what the operations were compiled against.

Three questions, all through the RDS Data API and in transactions that are rolled back. Does it have the migrations?
Does it have the tables, columns, types and functions that they make? Does it take every statement, as the function
sends it and as the database user whom the function is? Nothing is executed: statements are prepared and planned.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import psycopg

from handler.contract.operation import Operation
from queryport.access.policies import EXEMPTION, rely_on_policies, why_exempt
from queryport.access.statements import VALUES_UNKNOWN, can_be_analysed, planned, without_parameters
from queryport.compile.write.pieces import whole_text
from queryport.deployed.client import DeployedClient
from queryport.deployed.transport import DataApiTransport
from queryport.diagnostics.refusal import Refusal
from queryport.migrations.history import HistoryError
from queryport.migrations.outlook import status
from queryport.migrations.scripts import Script

_ROWS_AT_ONCE = 2000


@dataclass(frozen=True, slots=True)
class Drift:
    """One difference between the project and the deployed database."""

    subject: str
    """An operation, or a thing of the schema: `orders.get_order`, `column public.orders.total`."""
    difference: str


@dataclass(frozen=True, slots=True)
class LiveCheck:
    drifts: tuple[Drift, ...]
    additions: tuple[str, ...]
    """Objects of the deployed database that no migration makes; no operation depends on them."""


def check_live(
    deployed: DeployedClient, scripts: Sequence[Script], operations: Sequence[Operation], schema_url: str
) -> LiveCheck:
    """Compare the deployed database with the operations and the database that they were compiled against."""
    expected = dict(_local_objects(schema_url))
    found = dict(_deployed_objects(deployed))
    schema = [
        Drift(name, "is missing" if name not in found else f"is {found[name]} and should be {description}")
        for name, description in sorted(expected.items())
        if found.get(name) != description
    ]
    return LiveCheck(
        (
            *_pending(deployed, scripts),
            *schema,
            *_invalid_indexes(deployed),
            *_exempt(deployed, operations),
            *_refused(deployed, operations),
        ),
        tuple(sorted(found.keys() - expected.keys())),
    )


def _pending(deployed: DeployedClient, scripts: Sequence[Script]) -> Iterator[Drift]:
    try:
        states = status(DataApiTransport(deployed), scripts)
    except HistoryError as error:
        yield Drift("migrations", str(error))
        return
    for state in states:
        if state.applied_at is None:
            yield Drift(f"migration {state.name}", "has not been applied: run `queryport migrate`")


def _invalid_indexes(deployed: DeployedClient) -> Iterator[Drift]:
    """The indexes that PostgreSQL maintains and does not use, since their build failed."""
    invalid = """
        SELECT format('%I.%I', nspname, relname) FROM pg_index JOIN pg_class c ON c.oid = indexrelid
        JOIN pg_namespace n ON n.oid = relnamespace
        WHERE NOT indisvalid AND relkind = 'i' AND nspname <> 'pg_toast'
          AND indexrelid NOT IN (SELECT index_relid FROM pg_stat_progress_create_index WHERE index_relid IS NOT NULL)
        ORDER BY 1
    """
    for (name,) in deployed.query(invalid):
        yield Drift(f"index {name}", "is INVALID, since a build of it failed: drop it, and make it again")


def _exempt(deployed: DeployedClient, operations: Sequence[Operation]) -> Iterator[Drift]:
    """The function's database user, where the policies that operations rely on do not hold for it."""
    if rely_on_policies(operations):
        for row in deployed.query(f"{EXEMPTION} current_user"):
            if (reason := why_exempt(row)) is not None:
                yield Drift(f"role {row[0]}", reason)


def _refused(deployed: DeployedClient, operations: Sequence[Operation]) -> Iterator[Drift]:
    """The operations whose statements the database would not run."""
    transaction: str | None = None
    for operation in operations:
        try:
            if transaction is None:
                transaction = deployed.begin()
                deployed.query(VALUES_UNKNOWN, transaction=transaction)
            for statement in _statements(operation):
                for text in planned(statement, "queryport_check"):
                    deployed.query(text, transaction=transaction)
        except Refusal as refusal:
            yield Drift(operation.name, f"{refusal.message} (SQLSTATE {refusal.sqlstate})")
            if transaction is not None:
                deployed.roll_back(transaction)
            transaction = None
    if transaction is not None:
        deployed.roll_back(transaction)


def _statements(operation: Operation) -> Iterator[str]:
    """Every text that calls can send, each at its two extremes: all optional parameters given, and none.

    Of a transaction that makes tables, only what stands before: the rest needs them, and nothing is executed here.
    """
    for sql in operation.statements:
        texts = {whole_text(sql, present=present): None for present in (True, False)}
        if not all(can_be_analysed(without_parameters(text)) for text in texts):
            return
        yield from texts


_SCHEMA_OBJECTS = """
WITH ours AS (
    SELECT oid, nspname FROM pg_namespace
    WHERE nspname NOT IN ('pg_catalog', 'information_schema', 'queryport') AND nspname NOT LIKE 'pg\\_%'
), of_extensions AS (
    SELECT classid, objid FROM pg_depend WHERE deptype = 'e'
), things (name, description) AS (
    SELECT 'table ' || nspname || '.' || relname,
           CASE relkind WHEN 'v' THEN 'a view' WHEN 'm' THEN 'a materialized view' WHEN 'f' THEN 'a foreign table'
                        ELSE 'a table' END
    FROM pg_class JOIN ours ON ours.oid = relnamespace
    WHERE relkind IN ('r', 'p', 'v', 'm', 'f')
      AND ('pg_class'::regclass, pg_class.oid) NOT IN (SELECT classid, objid FROM of_extensions)
  UNION ALL
    SELECT 'column ' || nspname || '.' || relname || '.' || attname,
           format_type(atttypid, atttypmod) || CASE WHEN attnotnull THEN ' NOT NULL' ELSE '' END
    FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid JOIN ours ON ours.oid = relnamespace
    WHERE relkind IN ('r', 'p', 'v', 'm', 'f', 'c') AND attnum > 0 AND NOT attisdropped
      AND ('pg_class'::regclass, pg_class.oid) NOT IN (SELECT classid, objid FROM of_extensions)
  UNION ALL
    SELECT 'type ' || nspname || '.' || typname,
           CASE typtype
             WHEN 'e' THEN 'an enum of ' || coalesce((
                 SELECT string_agg(enumlabel, ', ' ORDER BY enumsortorder) FROM pg_enum WHERE enumtypid = pg_type.oid
             ), 'nothing')
             WHEN 'd' THEN 'a domain over ' || format_type(typbasetype, typtypmod)
                           || CASE WHEN typnotnull THEN ' NOT NULL' ELSE '' END
             ELSE 'a range' END
    FROM pg_type JOIN ours ON ours.oid = typnamespace
    WHERE typtype IN ('e', 'd', 'r')
      AND ('pg_type'::regclass, pg_type.oid) NOT IN (SELECT classid, objid FROM of_extensions)
  UNION ALL
    SELECT 'function ' || pg_proc.oid::regprocedure,
           'a ' || CASE provolatile WHEN 'v' THEN 'volatile' WHEN 's' THEN 'stable' ELSE 'immutable' END
           || ' function that gives ' || coalesce(pg_get_function_result(pg_proc.oid), 'nothing')
    FROM pg_proc JOIN ours ON ours.oid = pronamespace
    WHERE prokind IN ('f', 'p', 'w')
      AND ('pg_proc'::regclass, pg_proc.oid) NOT IN (SELECT classid, objid FROM of_extensions)
  UNION ALL
    SELECT 'constraint ' || conrelid::regclass || '.' || conname, pg_get_constraintdef(pg_constraint.oid)
    FROM pg_constraint JOIN ours ON ours.oid = connamespace
    WHERE contype IN ('c', 'f', 'p', 'u', 'x') AND conrelid <> 0
  UNION ALL
    SELECT 'extension ' || extname, 'an extension' FROM pg_extension WHERE extname <> 'plpgsql'
)
SELECT name, description FROM things ORDER BY name, description
"""
"""Objects that operations can depend on, a row each. Extensions' own are left out: their versions differ."""


def _local_objects(url: str) -> list[tuple[str, str]]:
    with psycopg.connect(url) as connection:
        return connection.execute(_SCHEMA_OBJECTS.encode()).fetchall()


def _deployed_objects(deployed: DeployedClient) -> Iterator[tuple[str, str]]:
    # In portions, since an answer may have 1 MB.
    offset = 0
    while True:
        rows = deployed.query(f"{_SCHEMA_OBJECTS} LIMIT {_ROWS_AT_ONCE} OFFSET {offset}")
        yield from ((str(name), str(description)) for name, description in rows)
        if len(rows) < _ROWS_AT_ONCE:
            return
        offset += _ROWS_AT_ONCE
