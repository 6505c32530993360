"""`queryport migrate`: what the command does and says, whichever way it reaches the database."""

from collections.abc import Sequence
from pathlib import Path

from queryport.console.terminal import Terminal, counted
from queryport.deployed import migrate as deployed_migrations
from queryport.deployed.client import Deployed, Target
from queryport.migrations import runner as migrations
from queryport.migrations.scripts import Script
from queryport.project.databases import OwnDatabase


def migrate(target: Target, scripts: Sequence[Script], terminal: Terminal) -> None:
    """Applies what the deployed database has not seen."""
    progress = Terminal(stderr=True)
    names = deployed_migrations.migrate(Deployed(target, progress.step), scripts, progress.step)
    for name in names:
        terminal.say(f"applied {name}")
    _conclude(names, terminal)


def show_plan(target: Target, scripts: Sequence[Script], terminal: Terminal) -> None:
    """Shows what `migrate` would apply."""
    for script, statements in deployed_migrations.plan(Deployed(target, Terminal(stderr=True).step), scripts):
        how = "" if script.transactional else ", without a transaction"
        terminal.say(f"{script.name}: {counted(statements, 'statement')}{how}")


def show_status(target: Target, scripts: Sequence[Script], terminal: Terminal) -> None:
    """Shows every migration, and the fingerprint of the schema that the deployed database has."""
    entries = deployed_migrations.status(Deployed(target, Terminal(stderr=True).step), scripts)
    for entry in entries:
        done = f" after {counted(entry.done, 'statement')} of it" if entry.done else ""
        terminal.say(f"{entry.name}  {entry.applied_at or 'pending' + done}")
    terminal.say(f"schema {deployed_migrations.schema_of(entries, scripts)}")


def apply_over_connection(database_url: str, folder: Path, terminal: Terminal) -> None:
    """Applies what a database of the user's own has not seen."""
    OwnDatabase(database_url, migrate=False)  # says what is wrong with the URL
    _conclude(migrations.apply(database_url, folder, announce=Terminal(stderr=True).step).migrations, terminal)


def _conclude(names: Sequence[str], terminal: Terminal) -> None:
    terminal.say(f"{counted(len(names), 'migration')} applied" if names else "the database is up to date")
