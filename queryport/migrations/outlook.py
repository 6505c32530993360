"""The scripts that would run on a database: those it has seen, compared with the files. Changes nothing.

Of numbered scripts the history decides (history.py). Repeatable ones run where their text has changed, together with
all behind them, and behind every new migration.
"""

from collections.abc import Sequence
from typing import NamedTuple

from queryport.migrations import records
from queryport.migrations.history import MIGRATION, OWN, OWN_MIGRATIONS, SEED, pending, to_repeat
from queryport.migrations.scripts import Script, read_scripts
from queryport.migrations.transport import MigrationTransport


class MigrationState(NamedTuple):
    """A migration and its state on a database."""

    name: str
    applied_at: str | None
    """In UTC; None where it is pending."""
    done: int = 0
    """Of a pending file without a transaction: the statements that ran before it failed."""


def waiting(transport: MigrationTransport, migrations: Sequence[Script], seeds: Sequence[Script] | None = None) -> int:
    """The number of scripts that `run_scripts` would run, Queryport's own included. Raises HistoryError."""
    new = new_migrations(transport, migrations)
    repeated = repeatable_to_run(transport, migrations, ran=new)
    return len(new) + len(new_own(transport)) + len(repeated) + len(new_seeds(transport, seeds))


def plan(transport: MigrationTransport, migrations: Sequence[Script]) -> list[tuple[Script, int]]:
    """The migrations that `run_scripts` would run, each with its number of statements; changes nothing.

    Raises HistoryError, and ScriptError for a statement that could not be sent.
    """
    new = new_migrations(transport, migrations)
    return [
        (script, len([transport.sendable(script, statement) for statement in script.statements()]))
        for script in (*new, *repeatable_to_run(transport, migrations, ran=new))
    ]


def status(transport: MigrationTransport, migrations: Sequence[Script]) -> list[MigrationState]:
    """Every migration in order. Raises HistoryError, with which nothing can be applied."""
    applied_at = {name: script.applied_at for name, script in records.applied(transport, MIGRATION).items()}
    applied_at |= {name: script.applied_at for name, script in records.repeated(transport).items()}
    new = new_migrations(transport, migrations)
    to_run = {script.name for script in (*new, *repeatable_to_run(transport, migrations, ran=new))}
    steps = records.steps(transport, new[0]) if new else []
    done = {new[0].name: sum(step.state == records.DONE for step in steps)} if new else {}
    return [
        MigrationState(
            script.name, None if script.name in to_run else applied_at[script.name], done.get(script.name, 0)
        )
        for script in migrations
    ]


def new_migrations(transport: MigrationTransport, migrations: Sequence[Script]) -> Sequence[Script]:
    """The numbered migrations that the database has not seen."""
    numbered = [script for script in migrations if not script.repeatable]
    return pending(numbered, records.checksums(transport, MIGRATION))


def repeatable_to_run(
    transport: MigrationTransport, migrations: Sequence[Script], *, ran: Sequence[Script]
) -> Sequence[Script]:
    """The repeatable scripts to run behind the numbered ones; all of them if any of those `ran` or is to."""
    repeatable = [script for script in migrations if script.repeatable]
    if ran or not repeatable:
        return repeatable
    found = records.repeated(transport)
    repeated = {name: (script.checksum, script.last_migration) for name, script in found.items()}
    return to_repeat(repeatable, repeated, last_migration(migrations))


def last_migration(migrations: Sequence[Script]) -> str:
    """The name of the last numbered migration; empty where there is none."""
    return next((script.name for script in reversed(migrations) if not script.repeatable), "")


def new_own(transport: MigrationTransport) -> Sequence[Script]:
    """Queryport's own migrations that the database has not seen."""
    return pending(read_scripts(OWN_MIGRATIONS), records.checksums(transport, OWN), OWN)


def new_seeds(transport: MigrationTransport, seeds: Sequence[Script] | None) -> Sequence[Script]:
    if seeds is None or (records.exists(transport, MIGRATION) and not records.exists(transport, SEED)):
        return ()
    return pending(seeds, records.checksums(transport, SEED), SEED)
