"""Brings a PostgreSQL database up to date: runs the migrations that it has not seen, then the seeds, each once.

What ran is written down in the database, in `queryport.migration` and `queryport.seed`, with a checksum of its text, so
that a file that was edited or taken away afterwards is noticed: the database then is not what the files say, and only a
new one can be. One runner works on a database at a time. What a script is, and in which order they come: scripts.py.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from queryport.compile.source import Span
from queryport.failure import Failure
from queryport.scripts import Script, Statement, read_scripts

Announce = Callable[[str], AbstractContextManager[None]]
"""Told of every script by a sentence such as `Seeding 01_books.sql`; the context lasts as long as the script runs."""

_RUNNERS = 0x51756572  # the advisory lock of whoever runs scripts on a database: "Quer"


class HistoryError(Failure):
    """The database was made by other scripts than the files there are now."""

    def __init__(self, reason: str, cure: str) -> None:
        super().__init__(f"{reason}: {cure}, or use a new database")
        self.reason = reason


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
        pending = _pending(connection, _MIGRATION, migrations)
        pending_seeds = _pending(connection, _SEED, seeds) if seeds is not None and _exists(connection, _SEED) else ()
        for script in pending:
            with announce(f"Applying {script.name}"):
                _run(connection, _MIGRATION, script)
        for script in pending_seeds:
            with announce(f"Seeding {script.name}"):
                _run(connection, _SEED, script)
        if pending_seeds:
            connection.execute("ANALYZE")  # the planner would else guess until autovacuum has come by
    return Applied(tuple(script.name for script in pending), tuple(script.name for script in pending_seeds))


_MIGRATION = "migration"
_SEED = "seed"


@contextmanager
def _only_runner(connection_url: str, announce: Announce) -> Iterator[None]:
    # A session of its own, which scripts cannot take the lock from (DISCARD ALL, pg_advisory_unlock_all).
    with psycopg.connect(connection_url, autocommit=True) as connection:
        row = connection.execute("SELECT pg_try_advisory_lock(%s)", [_RUNNERS]).fetchone()
        if row != (True,):
            with announce("Waiting for another command that applies migrations"):
                connection.execute("SELECT pg_advisory_lock(%s)", [_RUNNERS])
        yield


def _make_tables(connection: psycopg.Connection, *, seeded: bool) -> None:
    if _exists(connection, _MIGRATION):
        return
    with connection.transaction():
        connection.execute("CREATE SCHEMA IF NOT EXISTS queryport")
        for table in (_MIGRATION, _SEED) if seeded else (_MIGRATION,):
            connection.execute(
                sql.SQL(
                    "CREATE TABLE queryport.{} (name text PRIMARY KEY, checksum text NOT NULL,"
                    " applied_at timestamptz NOT NULL DEFAULT now())"
                ).format(sql.Identifier(table))
            )


def _exists(connection: psycopg.Connection, table: str) -> bool:
    return connection.execute("SELECT to_regclass(%s) IS NOT NULL", [f"queryport.{table}"]).fetchone() == (True,)


def _pending(connection: psycopg.Connection, table: str, scripts: Sequence[Script]) -> Sequence[Script]:
    """The scripts that the database has not seen; they must come after all that it has."""
    query = sql.SQL("SELECT name, checksum FROM queryport.{}").format(sql.Identifier(table))
    applied: dict[str, str] = dict(connection.execute(query).fetchall())
    current = {script.name: script for script in scripts}
    if missing := sorted(applied.keys() - current.keys()):
        raise HistoryError(f"{_listed(missing)} ran on this database and is gone", "bring the file back")
    if edited := [name for name, script in current.items() if applied.get(name, script.checksum) != script.checksum]:
        raise HistoryError(
            f"{_listed(edited)} was edited after it ran on this database",
            f"take the edit back and put it into a new {table} file",
        )
    seen = [position for position, script in enumerate(scripts) if script.name in applied]
    last = seen[-1] if seen else -1
    if late := [script.name for script in scripts[: last + 1] if script.name not in applied]:
        raise HistoryError(
            f"{_listed(late)} has to come before {scripts[last].name}, which ran on this database already",
            "give the file a higher number",
        )
    return scripts[last + 1 :]


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{names[0]} (and {len(names) - 1} more)"


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
