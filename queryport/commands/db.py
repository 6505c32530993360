"""`queryport db`: the development databases of the embedded PostgreSQL, the one that is served from and those kept."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from rich.table import Table
from rich.text import Text

from queryport.commands import options
from queryport.console.terminal import Terminal
from queryport.project.databases import Scripts
from queryport.project.embedded_databases import EmbeddedDatabases
from queryport.project.kept import DATA
from queryport.project.project import Project
from queryport.project.workspace import embedded_postgres


@click.group("db")
def db_command() -> None:
    """List, restore and reset the development databases.

    The database that is served from is called app. Where the files' history leaves its own (a migration or a seed that
    ran was edited, or a branch was switched), it is kept under a name with the time, and another takes its place. One
    that holds nothing but what the scripts put into it is not kept.
    """


@db_command.command("list")
@options.project
@options.data_dir
def list_command(project: Path, data_dir: Path | None) -> None:
    """Show the databases that are kept, the newest first, each with its size and the reason."""
    terminal = Terminal()
    with _databases(project, data_dir) as (databases, _):
        kept = databases.kept()
    if not kept:
        terminal.say("no database is kept")
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("Database", no_wrap=True)
    table.add_column("MB", justify="right")
    table.add_column("Kept since, and why")
    for database in kept:
        table.add_row(database.name, f"{database.megabytes:.0f}", Text(database.comment))
    terminal.draw(table)


@db_command.command("restore")
@click.argument("name")
@options.project
@options.data_dir
def restore_command(name: str, project: Path, data_dir: Path | None) -> None:
    """Serve from the kept database NAME again; the one that is served from now is kept in its stead.

    Its history must be that of the files; migrations and seeds that it has not seen are applied.
    """
    with _databases(project, data_dir) as (databases, progress):
        databases.restore(name, Scripts.of(Project.load(project)), progress.step)
    Terminal().say(f"{name} is the database {DATA} now")


@db_command.command("reset")
@options.project
@options.data_dir
def reset_command(project: Path, data_dir: Path | None) -> None:
    """Serve from a new database, made of the migrations and the seeds; the old one is kept."""
    with _databases(project, data_dir) as (databases, progress):
        databases.reset(Scripts.of(Project.load(project)), progress.step)
    Terminal().say(f"the database {DATA} is new")


@db_command.command("drop")
@click.argument("name")
@options.project
@options.data_dir
def drop_command(name: str, project: Path, data_dir: Path | None) -> None:
    """Drop the kept database NAME and all that it holds."""
    with _databases(project, data_dir) as (databases, _):
        databases.drop(name)
    Terminal().say(f"dropped {name}")


@contextmanager
def _databases(project: Path, data_dir: Path | None) -> Iterator[tuple[EmbeddedDatabases, Terminal]]:
    progress = Terminal(stderr=True)
    with embedded_postgres(project, data_dir, progress) as server:
        yield EmbeddedDatabases(lambda: server, progress.note), progress
