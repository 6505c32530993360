"""`queryport migrate`: brings a database up to date through the RDS Data API, or over a connection."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click

from queryport.commands import options
from queryport.compile import schema_fingerprint
from queryport.console.failure import CommandError
from queryport.console.terminal import Terminal, counted
from queryport.deployed.client import CallLostError, DeployedClient
from queryport.deployed.transport import DataApiTransport
from queryport.migrations.connection import ConnectionLostError, connect
from queryport.migrations.outlook import MigrationState, plan, status
from queryport.migrations.runner import run_scripts
from queryport.migrations.scripts import Script, combined_checksum, read_scripts
from queryport.migrations.statements import Interrupted
from queryport.migrations.steps import Unfinished
from queryport.migrations.transport import MigrationTransport
from queryport.project.own_database import OwnDatabase
from queryport.project.project import Project


class MigrateError(CommandError):
    """The database went out of reach while the migrations were applied."""


@click.command("migrate")
@click.option("--dry-run", is_flag=True, help="Show what would be applied, and apply nothing.")
@click.option(
    "--status", "show_status", is_flag=True, help="Show every migration and when it was applied, and apply nothing."
)
@click.option(
    "--unfinished",
    type=click.Choice([choice.value for choice in Unfinished]),
    default=Unfinished.ASK.value,
    show_default=True,
    help="What to do with a statement outside of transactions that an earlier run began and did not see the end of: "
    "repeat it, take it for done, or stop where its repetition might do harm.",
)
@options.project
@options.deployed("that owns the schema")
@click.option("--database-url", metavar="URL", help="Apply them over a connection to this PostgreSQL instead.")
def migrate_command(
    project: Path,
    resource_arn: str | None,
    secret_arn: str | None,
    database: str | None,
    database_url: str | None,
    unfinished: str,
    *,
    dry_run: bool,
    show_status: bool,
) -> None:
    """Apply the migrations to a deployed database, through the RDS Data API.

    Needs no network access to the database, only permission to call the Data API. Each file is one transaction, unless
    the comment at its top says `-- transaction: off`. Files that ran are known by name and checksum: an edited one is
    refused. One command works on a database at a time; others wait. Seeds are left out: they are for development.
    """
    if dry_run and show_status:
        raise click.UsageError("--dry-run and --status do not go together: give one of them")
    scripts = read_scripts(Project.load(project).migrations)
    terminal, progress = Terminal(), Terminal(stderr=True)
    with _transport(resource_arn, secret_arn, database, database_url, progress) as transport:
        if show_status:
            _show_status(transport, scripts, terminal)
        elif dry_run:
            _show_plan(transport, scripts, terminal)
        else:
            _migrate(transport, scripts, Unfinished(unfinished), terminal, progress)


@contextmanager
def _transport(
    resource_arn: str | None,
    secret_arn: str | None,
    database: str | None,
    database_url: str | None,
    progress: Terminal,
) -> Iterator[MigrationTransport]:
    if database_url is None:
        address = options.deployed_address(
            resource_arn, secret_arn, database, otherwise="; or, for a PostgreSQL within reach, --database-url"
        )
        yield DataApiTransport(DeployedClient(address, progress.step), progress.step)
        return
    OwnDatabase(database_url, migrate=False)  # says what is wrong with the URL
    with connect(database_url, progress.step) as transport:
        yield transport


def _migrate(
    transport: MigrationTransport,
    scripts: Sequence[Script],
    unfinished: Unfinished,
    terminal: Terminal,
    progress: Terminal,
) -> None:
    try:
        names = run_scripts(transport, scripts, progress=progress.step, unfinished=unfinished).migrations
    except (CallLostError, ConnectionLostError) as error:
        raise MigrateError(f"{error}; run the command again, which applies nothing twice") from None
    except KeyboardInterrupt as interrupted:
        told = isinstance(interrupted, Interrupted)
        progress.error(str(interrupted) if told else "interrupted between two files; nothing is left half done")
        sys.exit(1)
    for name in names:
        terminal.say(f"applied {name}")
    terminal.say(f"{counted(len(names), 'migration')} applied" if names else "the database is up to date")


def _show_plan(transport: MigrationTransport, scripts: Sequence[Script], terminal: Terminal) -> None:
    for script, statements in plan(transport, scripts):
        how = "" if script.transactional else ", without a transaction"
        terminal.say(f"{script.name}: {counted(statements, 'statement')}{how}")


def _show_status(transport: MigrationTransport, scripts: Sequence[Script], terminal: Terminal) -> None:
    """Show every migration, and the fingerprint of the schema that the database has."""
    states = status(transport, scripts)
    for state in states:
        done = f" after {counted(state.done, 'statement')} of it" if state.done else ""
        applied = None if state.applied_at is None else f"{state.applied_at} UTC"
        terminal.say(f"{state.name}  {applied or 'pending' + done}")
    terminal.say(f"schema {_schema(states, scripts)}")


def _schema(states: Sequence[MigrationState], scripts: Sequence[Script]) -> str:
    applied = {state.name for state in states if state.applied_at is not None}
    return schema_fingerprint(combined_checksum([script for script in scripts if script.name in applied]))
