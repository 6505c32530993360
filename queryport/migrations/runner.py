"""Brings a PostgreSQL database up to date: runs Queryport's own migrations, the project's, then its seeds, each once.

Repeatable migrations stand between: they run whenever their text has changed, and behind every new migration.

What ran is written down in the database, in `queryport.own_migration`, `queryport.migration` and `queryport.seed`, with
a checksum of its text, so that a file that was edited or taken away afterwards is noticed: the database then is not
what the files say. One runner works on a database at a time. transport.py has the ways to the database, scripts.py the
scripts and their order, steps.py the files without a transaction.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from queryport.console.failure import CommandError
from queryport.console.progress import Progress, no_progress
from queryport.diagnostics.refusal import Refusal
from queryport.migrations import records
from queryport.migrations.connection import connect
from queryport.migrations.history import MIGRATION, OWN, RUNNERS, SEED
from queryport.migrations.outlook import (
    last_migration,
    new_migrations,
    new_own,
    new_seeds,
    plan,
    repeatable_to_run,
)
from queryport.migrations.scripts import Script, ScriptError, read_scripts
from queryport.migrations.statements import Interrupted, run_in_transaction
from queryport.migrations.steps import Unfinished, run_by_steps
from queryport.migrations.transport import MigrationTransport, ScriptTransaction

_PATIENCE_SECONDS = 600.0
_POLL_SECONDS = 1.0
_UNIQUE_VIOLATION = "23505"

# A bare ANALYZE reads PostgreSQL's own seventy tables too. That of a partitioned table goes into its partitions.
# There is always a table: Queryport's own.
_ANALYZE_TABLES = """
DO $$ DECLARE tables text DEFAULT (
    SELECT string_agg(format('%I.%I', n.nspname, c.relname), ', ')
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'm') AND NOT c.relispartition
      AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
);
BEGIN
    EXECUTE 'ANALYZE ' || tables;
END $$
"""


class Applied(NamedTuple):
    """The scripts that a run applied, by file name."""

    migrations: tuple[str, ...]
    seeds: tuple[str, ...]


class BusyError(CommandError):
    """Another command has applied scripts for too long."""


def apply(
    connection_url: str, directory: Path, seed: Path | None = None, *, progress: Progress = no_progress
) -> Applied:
    """Run the scripts of `directory`, then those of `seed`, over a connection; see `run_scripts`."""
    seeds = None if seed is None else read_scripts(seed, repeatable=False)
    return apply_scripts(connection_url, read_scripts(directory), seeds, progress=progress)


def apply_scripts(
    connection_url: str,
    migrations: Sequence[Script],
    seeds: Sequence[Script] | None = None,
    *,
    progress: Progress = no_progress,
    unfinished: Unfinished = Unfinished.ASK,
) -> Applied:
    """Run scripts over a connection; see `run_scripts`."""
    with connect(connection_url, progress) as transport:
        return run_scripts(transport, migrations, seeds, progress=progress, unfinished=unfinished)


def run_scripts(
    transport: MigrationTransport,
    migrations: Sequence[Script],
    seeds: Sequence[Script] | None = None,
    *,
    progress: Progress = no_progress,
    unfinished: Unfinished = Unfinished.ASK,
) -> Applied:
    """Run what the database has not seen, and return the files' names.

    Seeds are for development. They run only in a database that was begun with seeds (perhaps none yet): one with real
    data is never filled with examples.

    Raises ScriptError for a script that PostgreSQL refuses (it leaves no trace, unless it is `-- transaction: off`) or
    that cannot be sent, HistoryError where the files no longer say what was applied, and Interrupted.
    """
    # Asked before the lock is taken, so that what cannot be sent is told before anything runs.
    planned = plan(transport, migrations)
    if not (new_seeds(transport, seeds) or planned or new_own(transport)):
        return Applied((), ())
    with _only_runner(transport, progress):
        records.make_tables(transport, seeded=seeds is not None)
        for script in new_own(transport):  # asked again: another runner may have been here
            _run_whole(transport, OWN, script)
        new = new_migrations(transport, migrations)
        seeds_to_run = new_seeds(transport, seeds)
        for script in new:
            with progress(f"Applying {script.name}"):
                _run_once(transport, MIGRATION, script, progress, unfinished)
        repeated = repeatable_to_run(transport, migrations, ran=new)
        if repeated:
            records.make_repeatable_table(transport)
        for script in repeated:
            with progress(f"Applying {script.name}"):
                _repeat(transport, script, last_migration(migrations))
        for script in seeds_to_run:
            with progress(f"Seeding {script.name}"):
                _run_once(transport, SEED, script, progress, unfinished)
        if seeds_to_run:
            with transport.transaction() as transaction:
                transaction.run(_ANALYZE_TABLES)  # the planner would else guess until autovacuum has come by
    return Applied(tuple(script.name for script in (*new, *repeated)), tuple(script.name for script in seeds_to_run))


def run_again(connection_url: str, migrations: Sequence[Script]) -> None:
    """Run the repeatable scripts of a database that has just run them. Raises ScriptError for one that cannot be."""
    with connect(connection_url) as transport:
        for script in migrations:
            if script.repeatable:
                try:
                    _repeat(transport, script, last_migration(migrations))
                except ScriptError as error:
                    raise ScriptError(
                        f"{error}\n  = note: the file runs again whenever it changes, and this is its second run: "
                        "write CREATE OR REPLACE, or DROP … IF EXISTS before"
                    ) from None


@contextmanager
def _only_runner(transport: MigrationTransport, progress: Progress) -> Iterator[None]:
    lock = transport.try_lock(RUNNERS)
    if lock is None:
        with progress("Waiting for another command that applies migrations"):
            give_up = time.monotonic() + _PATIENCE_SECONDS
            # It is asked for again and again: a statement that waits would have a snapshot, for which the other
            # command's CREATE INDEX CONCURRENTLY would wait in its turn.
            while (lock := transport.try_lock(RUNNERS)) is None:
                if time.monotonic() > give_up:
                    raise BusyError(
                        f"another command has applied migrations for {_PATIENCE_SECONDS:.0f} s: try again later"
                    )
                time.sleep(_POLL_SECONDS)
    with lock:
        yield


def _run_once(
    transport: MigrationTransport, table: str, script: Script, progress: Progress, unfinished: Unfinished
) -> None:
    if script.transactional:
        _run_whole(transport, table, script)
    else:
        run_by_steps(transport, table, script, progress, unfinished)


def _run_whole(transport: MigrationTransport, table: str, script: Script) -> None:
    def ran() -> bool:
        return script.name in records.checksums(transport, table)

    with _told_of_the_file(script, ran, f"{table}_pkey"), transport.transaction() as transaction:
        # First, so that the file cannot run twice, not even beside a runner that has lost its lock.
        records.record(transaction, table, script)
        _run_statements(transport, transaction, script)


def _repeat(transport: MigrationTransport, script: Script, last_migration: str) -> None:
    def ran() -> bool:
        found = records.repeated(transport).get(script.name)
        return found is not None and found[:2] == (script.checksum, last_migration)

    with _told_of_the_file(script, ran), transport.transaction() as transaction:
        records.record_repeated(transaction, script, last_migration)
        _run_statements(transport, transaction, script)


def _run_statements(transport: MigrationTransport, transaction: ScriptTransaction, script: Script) -> None:
    for statement in script.statements():
        run_in_transaction(transaction, script, statement, transport.sendable(script, statement))


@contextmanager
def _told_of_the_file(script: Script, is_recorded: Callable[[], bool], key: str = "") -> Iterator[None]:
    """Say what became of a file whose transaction was refused at its record or at its end, or interrupted."""
    remains = "nothing of the file remains in the database"
    try:
        yield
    except Refusal as refusal:
        if key and refusal.sqlstate == _UNIQUE_VIOLATION and key in refusal.message:
            raise ScriptError(f"{script.path}: another command has applied the file meanwhile") from None
        raise ScriptError(f"{script.path}: {refusal.message}; {remains}") from None
    except KeyboardInterrupt:
        # It may have come while the transaction was being committed.
        became = "the file was applied" if is_recorded() else remains
        raise Interrupted(f"{script.path}: interrupted; {became}") from None
