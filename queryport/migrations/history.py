"""The history of the scripts that ran on a database, and with it the scripts of a folder that are still to run.

Nothing here talks to a database: records.py reads and writes what it remembers.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from queryport.console.failure import CommandError
from queryport.migrations.scripts import Script

RUNNERS = 0x51756572
"""The advisory lock of a command that runs scripts on a database: "Quer"."""

OWN = "own_migration"
MIGRATION = "migration"
SEED = "seed"
REPEATABLE = "repeatable"

OWN_MIGRATIONS = Path(__file__).with_name("own")
"""The scripts of the kind OWN, which make what Queryport keeps in a database: the table of idempotency keys."""


class HistoryError(CommandError):
    """The database was made by other scripts than the files there are now."""

    def __init__(self, reason: str, cure: str) -> None:
        super().__init__(f"{reason}: {cure}, or use a new database")
        self.reason = reason


def pending(scripts: Sequence[Script], applied: Mapping[str, str], table: str = MIGRATION) -> Sequence[Script]:
    """The scripts that a database has not seen; they must come after all that it has.

    `applied` has the checksums of those that it has seen, by name. Raises HistoryError where the files tell another
    history than that.
    """
    current = {script.name: script for script in scripts}
    if missing := sorted(applied.keys() - current.keys()):
        raise HistoryError(f"{listed(missing)} ran on this database and is gone", "bring the file back")
    if edited := [name for name, script in current.items() if applied.get(name, script.checksum) != script.checksum]:
        raise HistoryError(
            f"{listed(edited)} was edited after it ran on this database",
            f"take the edit back and put it into a new {table} file",
        )
    seen = [position for position, script in enumerate(scripts) if script.name in applied]
    last = seen[-1] if seen else -1
    if late := [script.name for script in scripts[: last + 1] if script.name not in applied]:
        raise HistoryError(
            f"{listed(late)} has to come before {scripts[last].name}, which ran on this database already",
            "give the file a higher number",
        )
    return scripts[last + 1 :]


def to_repeat(
    scripts: Sequence[Script], repeated: Mapping[str, tuple[str, str]], last_migration: str
) -> Sequence[Script]:
    """The repeatable scripts to run: the first that has to run again, and all behind it, which may build on it.

    `repeated` has, by name, the checksum with which each ran last and the numbered migration that had run last then.
    Behind a new migration all run again: what it had to drop is there again.
    """
    for position, script in enumerate(scripts):
        if repeated.get(script.name) != (script.checksum, last_migration):
            return scripts[position:]
    return ()


def listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{names[0]} (and {len(names) - 1} more)"
