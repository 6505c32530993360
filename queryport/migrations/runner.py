"""Brings a PostgreSQL database up to date: runs Queryport's own migrations, the project's, then its seeds, each once.

What ran is written down in the database, in `queryport.own_migration`, `queryport.migration` and `queryport.seed`, with
a checksum of its text, so that a file that was edited or taken away afterwards is noticed: the database then is not
what the files say. One runner works on a database at a time. How the database is reached is the transport's matter,
what a script is and in which order they come that of scripts.py, and files without a transaction that of steps.py.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from queryport.console.failure import Failure
from queryport.console.progress import Progress, no_progress
from queryport.diagnostics.refusal import Refusal
from queryport.migrations import records
from queryport.migrations.connection import connect
from queryport.migrations.history import MIGRATION, OWN, OWN_MIGRATIONS, RUNNERS, SEED, pending
from queryport.migrations.scripts import Script, ScriptError, read_scripts
from queryport.migrations.statements import Interrupted, run_in_transaction
from queryport.migrations.steps import Unfinished, run_by_steps
from queryport.migrations.transport import Transport

_PATIENCE_SECONDS = 600.0
_POLL_SECONDS = 1.0
_UNIQUE_VIOLATION = "23505"


@dataclass(frozen=True, slots=True)
class Applied:
    """The scripts that a run applied, by file name."""

    migrations: tuple[str, ...]
    seeds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """What is known of one migration."""

    name: str
    applied_at: str | None
    """In UTC; None where it is pending."""
    done: int = 0
    """Of a pending file without a transaction: the statements that ran before it failed."""


class BusyError(Failure):
    """Another command has applied scripts for too long."""


def apply(
    connection_url: str, directory: Path, seed: Path | None = None, *, progress: Progress = no_progress
) -> Applied:
    """Run the scripts of `directory`, then those of `seed`, over a connection; see `run_scripts`."""
    seeds = None if seed is None else read_scripts(seed)
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
    transport: Transport,
    migrations: Sequence[Script],
    seeds: Sequence[Script] | None = None,
    *,
    progress: Progress = no_progress,
    unfinished: Unfinished = Unfinished.ASK,
) -> Applied:
    """Run what the database has not seen, and return the files' names.

    Seeds are for development. They run only in a database that was begun with seeds (perhaps none yet), so that one
    which was begun without, and may hold real data, is never filled with examples.

    Raises ScriptError for a script that PostgreSQL refuses (it leaves no trace, unless it is `-- transaction: off`) or
    that cannot be sent, HistoryError where the files no longer say what was applied, and Interrupted.
    """
    # Asked before the lock is taken, so that what cannot be sent is told before anything runs.
    plan(transport, migrations)
    if not waiting(transport, migrations, seeds):
        return Applied((), ())
    with _only_runner(transport, progress):
        records.make_tables(transport, seeded=seeds is not None)
        for script in _own(transport):  # asked again: another runner may have been here
            _run_whole(transport, OWN, script)
        new = pending(migrations, records.checksums(transport, MIGRATION))
        new_seeds = _new_seeds(transport, seeds)
        for script in new:
            with progress(f"Applying {script.name}"):
                if script.transactional:
                    _run_whole(transport, MIGRATION, script)
                else:
                    run_by_steps(transport, MIGRATION, script, progress, unfinished)
        for script in new_seeds:
            with progress(f"Seeding {script.name}"):
                if script.transactional:
                    _run_whole(transport, SEED, script)
                else:
                    run_by_steps(transport, SEED, script, progress, unfinished)
        if new_seeds:
            with transport.transaction() as transaction:
                transaction.run("ANALYZE")  # the planner would else guess until autovacuum has come by
    return Applied(tuple(script.name for script in new), tuple(script.name for script in new_seeds))


def waiting(transport: Transport, migrations: Sequence[Script], seeds: Sequence[Script] | None = None) -> int:
    """The number of scripts that `run_scripts` would run, Queryport's own included. Raises HistoryError."""
    new = pending(migrations, records.checksums(transport, MIGRATION))
    return len(new) + len(_own(transport)) + len(_new_seeds(transport, seeds))


def plan(transport: Transport, migrations: Sequence[Script]) -> list[tuple[Script, int]]:
    """The migrations that `run_scripts` would run, each with its number of statements; changes nothing.

    Raises HistoryError, and ScriptError for a statement that could not be sent.
    """
    new = pending(migrations, records.checksums(transport, MIGRATION))
    return [
        (script, len([transport.sendable(script, statement) for statement in script.statements()])) for script in new
    ]


def status(transport: Transport, migrations: Sequence[Script]) -> list[Entry]:
    """Every migration in order. Raises HistoryError, with which nothing can be applied."""
    applied = records.applied(transport, MIGRATION)
    new = pending(migrations, {name: script.checksum for name, script in applied.items()})
    steps = records.steps(transport, new[0]) if new else []
    done = sum(step.state == records.DONE for step in steps)
    return [
        *(Entry(script.name, applied[script.name].applied_at) for script in migrations if script.name in applied),
        *(Entry(script.name, None, 0 if position else done) for position, script in enumerate(new)),
    ]


def _own(transport: Transport) -> Sequence[Script]:
    """Queryport's own migrations that the database has not seen."""
    return pending(read_scripts(OWN_MIGRATIONS), records.checksums(transport, OWN), OWN)


def _new_seeds(transport: Transport, seeds: Sequence[Script] | None) -> Sequence[Script]:
    if seeds is None or (records.exists(transport, MIGRATION) and not records.exists(transport, SEED)):
        return ()
    return pending(seeds, records.checksums(transport, SEED), SEED)


@contextmanager
def _only_runner(transport: Transport, progress: Progress) -> Iterator[None]:
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


def _run_whole(transport: Transport, table: str, script: Script) -> None:
    remains = "nothing of the file remains in the database"
    texts = [(statement, transport.sendable(script, statement)) for statement in script.statements()]
    try:
        with transport.transaction() as transaction:
            # First, so that the file cannot run twice, not even beside a runner that has lost its lock.
            records.record(transaction, table, script)
            for statement, text in texts:
                run_in_transaction(transaction, script, statement, text)
    except Refusal as refusal:
        if refusal.sqlstate == _UNIQUE_VIOLATION and f"{table}_pkey" in refusal.message:
            raise ScriptError(f"{script.path}: another command has applied the file meanwhile") from None
        raise ScriptError(f"{script.path}: {refusal.message}; {remains}") from None
    except KeyboardInterrupt:
        # It may have come while the transaction was being committed.
        applied = script.name in records.checksums(transport, table)
        raise Interrupted(f"{script.path}: interrupted; {'the file was applied' if applied else remains}") from None
