"""Brings a PostgreSQL database up to date: runs Queryport's own migrations, the project's, then its seeds, each once.

What ran is written down in the database, in `queryport.own_migration`, `queryport.migration` and `queryport.seed`, with
a checksum of its text, so that a file that was edited or taken away afterwards is noticed: the database then is not
what the files say, and only a new one can be. One runner works on a database at a time. What a script is, and in which
order they come: scripts.py.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from queryport.diagnostics.source import Span
from queryport.migrations.history import MIGRATION, OWN, OWN_MIGRATIONS, RUNNERS, SCHEMA_DDL, SEED, pending, table_ddl
from queryport.migrations.scripts import Script, Statement, read_scripts

Announce = Callable[[str], AbstractContextManager[None]]
"""Told of every script by a sentence such as `Seeding 01_books.sql`; the context lasts as long as the script runs."""


@dataclass(frozen=True, slots=True)
class Applied:
    """What a run did, by file name."""

    migrations: tuple[str, ...]
    seeds: tuple[str, ...]


def silent(_: str) -> AbstractContextManager[None]:
    return nullcontext()


def apply(connection_url: str, directory: Path, seed: Path | None = None, *, announce: Announce = silent) -> Applied:
    """Runs the scripts of `directory`, then those of `seed`, as far as the database has not seen them.

    Raises ScriptError for a script that PostgreSQL refuses (it leaves no trace, unless it is `-- transaction: off`) and
    HistoryError where the files no longer say what was applied.
    """
    seeds = None if seed is None else read_scripts(seed)
    return apply_scripts(connection_url, read_scripts(directory), seeds, announce=announce)


def apply_scripts(
    connection_url: str,
    migrations: Sequence[Script],
    seeds: Sequence[Script] | None = None,
    *,
    announce: Announce = silent,
) -> Applied:
    """As `apply`, with the scripts already read.

    Seeds are for development. They run only in a database that was begun with seeds (perhaps none yet), so that one
    which was begun without, and may hold real data, is never filled with examples.
    """
    with (
        _only_runner(connection_url, announce),
        # Nothing is prepared: DISCARD ALL below would take it away.
        psycopg.connect(connection_url, autocommit=True, prepare_threshold=None) as connection,
    ):
        _make_tables(connection, seeded=seeds is not None)
        for script in _pending(connection, OWN, read_scripts(OWN_MIGRATIONS)):
            _run(connection, OWN, script)
        new = _pending(connection, MIGRATION, migrations)
        new_seeds = _pending(connection, SEED, seeds) if seeds is not None and _exists(connection, SEED) else ()
        for script in new:
            with announce(f"Applying {script.name}"):
                _run(connection, MIGRATION, script)
        for script in new_seeds:
            with announce(f"Seeding {script.name}"):
                _run(connection, SEED, script)
        if new_seeds:
            connection.execute("ANALYZE")  # the planner would else guess until autovacuum has come by
    return Applied(tuple(script.name for script in new), tuple(script.name for script in new_seeds))


@contextmanager
def _only_runner(connection_url: str, announce: Announce) -> Iterator[None]:
    # A session of its own, which scripts cannot take the lock from (DISCARD ALL, pg_advisory_unlock_all).
    with psycopg.connect(connection_url, autocommit=True) as connection:
        row = connection.execute("SELECT pg_try_advisory_lock(%s)", [RUNNERS]).fetchone()
        if row != (True,):
            with announce("Waiting for another command that applies migrations"):
                connection.execute("SELECT pg_advisory_lock(%s)", [RUNNERS])
        yield


def _make_tables(connection: psycopg.Connection, *, seeded: bool) -> None:
    wanted = (MIGRATION, SEED) if seeded else (MIGRATION,)
    with connection.transaction():
        connection.execute(SCHEMA_DDL.encode())
        for table in (OWN,) if _exists(connection, MIGRATION) else (OWN, *wanted):
            connection.execute(table_ddl(table).encode())


def _exists(connection: psycopg.Connection, table: str) -> bool:
    return connection.execute("SELECT to_regclass(%s) IS NOT NULL", [f"queryport.{table}"]).fetchone() == (True,)


def _pending(connection: psycopg.Connection, table: str, scripts: Sequence[Script]) -> Sequence[Script]:
    query = sql.SQL("SELECT name, checksum FROM queryport.{}").format(sql.Identifier(table))
    return pending(scripts, dict(connection.execute(query).fetchall()), table)


def _run(connection: psycopg.Connection, table: str, script: Script) -> None:
    statements = script.statements()
    with connection.transaction() if script.transactional else nullcontext():
        for statement in statements:
            _execute(connection, script, statement)
        connection.execute("RESET SESSION AUTHORIZATION")  # which resets the role as well
        connection.execute(
            sql.SQL("INSERT INTO queryport.{} (name, checksum) VALUES (%s, %s)").format(sql.Identifier(table)),
            [script.name, script.checksum],
        )
    connection.execute("DISCARD ALL")  # no script inherits settings, roles or temporary tables of the one before


def _execute(connection: psycopg.Connection, script: Script, statement: Statement) -> None:
    try:
        connection.execute(statement.text.encode())
    except psycopg.Error as error:
        diagnosis = error.diag
        if diagnosis.statement_position:
            start = statement.start + int(diagnosis.statement_position) - 1
            span = Span(start, start + 1)
        else:
            span = script.first_line(statement)
        message = diagnosis.message_primary or str(error)
        for further in (diagnosis.message_detail, diagnosis.context):
            message += f"\n  {further}" if further else ""
        remains = "nothing of it remains" if script.transactional else "what stands before this statement remains"
        cure = diagnosis.message_hint or f"mend the file; {remains} in the database"
        raise script.error("QP202", span, message, cure) from None
