"""`queryport migrate`: what the command does and says, whichever way it reaches the database."""

from collections.abc import Sequence
from pathlib import Path

import click

from queryport.commands import options
from queryport.console.terminal import Terminal, counted
from queryport.deployed import migrate as deployed_migrations
from queryport.deployed.client import Deployed, Target
from queryport.migrations import runner as migrations
from queryport.migrations.scripts import Script, read_scripts
from queryport.project.databases import OwnDatabase
from queryport.project.project import Project


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


@click.command("migrate")
@click.option("--dry-run", is_flag=True, help="Show what would be applied, and apply nothing.")
@click.option("--status", is_flag=True, help="Show every migration and when it was applied, and apply nothing.")
@options.project
@options.deployed("that owns the schema")
@click.option("--database-url", metavar="URL", help="Apply them over a connection to this PostgreSQL instead.")
def migrate_command(
    project: Path,
    resource_arn: str | None,
    secret_arn: str | None,
    database: str | None,
    database_url: str | None,
    *,
    dry_run: bool,
    status: bool,
) -> None:
    """Apply the migrations to a deployed database, through the RDS Data API.

    Needs no network access to the database, only permission to call the Data API. Each file is one transaction, unless
    the comment at its top says `-- transaction: off`. Files that ran are known by name and checksum: an edited one is
    refused. One command works on a database at a time; others wait. Seeds are left out: they are for development.
    """
    if dry_run + status + bool(database_url) > 1:
        raise click.UsageError("--dry-run, --status and --database-url do not go together: give one of them")
    migrations = Project.load(project).migrations
    if database_url:
        apply_over_connection(database_url, migrations, Terminal())
        return
    do = show_status if status else show_plan if dry_run else migrate
    do(options.target(resource_arn, secret_arn, database), read_scripts(migrations), Terminal())
