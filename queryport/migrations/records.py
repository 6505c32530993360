"""Queryport's own tables in a database, read and written through a transport: which scripts ran, and parts of them."""

import hashlib
from typing import NamedTuple

from queryport.migrations.history import MIGRATION, OWN, REPEATABLE, SEED
from queryport.migrations.scripts import Script, ScriptStatement
from queryport.migrations.transport import MigrationTransport, ScriptTransaction

_SCHEMA_DDL = "CREATE SCHEMA IF NOT EXISTS queryport"
_TABLE_DDL = """
    CREATE TABLE IF NOT EXISTS queryport.{} (
        name text PRIMARY KEY, checksum text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now()
    )
"""
_REPEATABLE_DDL = """
    CREATE TABLE IF NOT EXISTS queryport.repeatable (
        name text PRIMARY KEY, checksum text NOT NULL, last_migration text NOT NULL,
        applied_at timestamptz NOT NULL DEFAULT now()
    )
"""
_STEP_DDL = (
    """
    CREATE TABLE IF NOT EXISTS queryport.migration_step (
        name text, step int, checksum text NOT NULL, PRIMARY KEY (name, step)
    )
    """,
    "ALTER TABLE queryport.migration_step ADD COLUMN IF NOT EXISTS state text NOT NULL DEFAULT 'done'",
)

_OWN_TABLES = "SELECT relname::text FROM pg_class WHERE relnamespace = to_regnamespace('queryport') AND relkind = 'r'"

_APPLIED_AT = "to_char(applied_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI')"

DONE = "done"
BEGUN = "begun"
"""Also of a statement that was interrupted: nothing was written down of its end."""
FAILED = "failed"


class AppliedScript(NamedTuple):
    checksum: str
    applied_at: str
    """In UTC: `2026-01-31 12:00`."""


class ScriptStep(NamedTuple):
    """A statement of a file without a transaction, as far as it came."""

    checksum: str
    state: str
    """DONE, BEGUN or FAILED."""


def exists(transport: MigrationTransport, table: str) -> bool:
    """Whether one of our tables is there; asked for all of them at once, and no more once it was."""
    if table not in transport.own_tables:
        transport.own_tables.update(name for (name,) in transport.query(_OWN_TABLES))
    return table in transport.own_tables


def make_tables(transport: MigrationTransport, *, seeded: bool) -> None:
    """Make the tables that are missing. A database that was begun without seeds gets no table of them later."""
    begun = exists(transport, MIGRATION)
    if begun and exists(transport, OWN):
        return  # for which the right to make tables is not needed
    tables = [OWN] if begun else [OWN, MIGRATION, *([SEED] if seeded else [])]
    with transport.transaction() as transaction:
        transaction.run(_SCHEMA_DDL)
        for table in tables:
            transaction.run(_TABLE_DDL.format(table))
    transport.own_tables.update(tables)


def applied(transport: MigrationTransport, table: str) -> dict[str, AppliedScript]:
    """The scripts of a kind that ran, by name."""
    if not exists(transport, table):
        return {}
    rows = transport.query(f"SELECT name, checksum, {_APPLIED_AT} FROM queryport.{table}")  # noqa: S608 (the table is a constant of ours)
    return {name: AppliedScript(checksum, applied_at) for name, checksum, applied_at in rows}


def checksums(transport: MigrationTransport, table: str) -> dict[str, str]:
    return {name: script.checksum for name, script in applied(transport, table).items()}


def record(transaction: ScriptTransaction, table: str, script: Script) -> None:
    """Write down that a script ran. Raises Refusal where it is written already."""
    sql = f"INSERT INTO queryport.{table} (name, checksum) VALUES (:name::text, :checksum::text)"  # noqa: S608 (as above)
    transaction.run(sql, {"name": script.name, "checksum": script.checksum})


class RepeatedScript(NamedTuple):
    checksum: str
    last_migration: str
    """The numbered migration that had run last when it ran."""
    applied_at: str


def repeated(transport: MigrationTransport) -> dict[str, RepeatedScript]:
    """The repeatable scripts that ran, as they ran last, by name."""
    if not exists(transport, REPEATABLE):
        return {}
    sql = f"SELECT name, checksum, last_migration, {_APPLIED_AT} FROM queryport.repeatable"  # noqa: S608 (as above)
    rows = transport.query(sql)
    return {name: RepeatedScript(*rest) for name, *rest in rows}


def make_repeatable_table(transport: MigrationTransport) -> None:
    if not exists(transport, REPEATABLE):
        with transport.transaction() as transaction:
            transaction.run(_REPEATABLE_DDL)


def record_repeated(transaction: ScriptTransaction, script: Script, last_migration: str) -> None:
    sql = """
        INSERT INTO queryport.repeatable (name, checksum, last_migration)
        VALUES (:name::text, :checksum::text, :last::text)
        ON CONFLICT (name) DO UPDATE
        SET checksum = excluded.checksum, last_migration = excluded.last_migration, applied_at = now()
    """
    transaction.run(sql, {"name": script.name, "checksum": script.checksum, "last": last_migration})


def make_step_table(transport: MigrationTransport) -> None:
    # What an earlier version made has no states: each of its steps is done.
    complete = """
        SELECT count(*) FROM pg_attribute
        WHERE attrelid = to_regclass('queryport.migration_step') AND attname = 'state'
    """
    if [*transport.query(complete)[0]] == [1]:
        return
    with transport.transaction() as transaction:
        for ddl in _STEP_DDL:
            transaction.run(ddl)


def steps(transport: MigrationTransport, script: Script) -> list[ScriptStep]:
    """The statements of a file that have begun, in their order; all but the last are done."""
    if not exists(transport, "migration_step"):
        return []
    sql = """
        SELECT checksum, coalesce(to_jsonb(s) ->> 'state', 'done') FROM queryport.migration_step s
        WHERE name = :name::text ORDER BY step
    """
    return [ScriptStep(*row) for row in transport.query(sql, {"name": script.name})]


def record_step(
    transaction: ScriptTransaction, script: Script, number: int, statement: ScriptStatement, state: str
) -> None:
    sql = """
        INSERT INTO queryport.migration_step (name, step, checksum, state)
        VALUES (:name::text, :step::int, :checksum::text, :state::text)
        ON CONFLICT (name, step) DO UPDATE SET checksum = excluded.checksum, state = excluded.state
    """
    values = {"name": script.name, "step": str(number), "checksum": checksum(statement), "state": state}
    transaction.run(sql, values)


def forget_steps(transaction: ScriptTransaction, script: Script) -> None:
    transaction.run("DELETE FROM queryport.migration_step WHERE name = :name::text", {"name": script.name})


def checksum(statement: ScriptStatement) -> str:
    """SHA-256 of a statement's text; line ends are left out of account, since git may change them."""
    return hashlib.sha256(statement.text.replace("\r\n", "\n").encode()).hexdigest()
