"""`queryport new`: begins a file of a project, with the name and the place that it has to have."""

import re
from pathlib import Path

import click

from queryport.commands import options
from queryport.console.failure import Failure
from queryport.console.terminal import Terminal
from queryport.diagnostics.source import shown
from queryport.migrations.scripts import read_scripts
from queryport.project.project import Project

_DIGITS = 4


class NewFileError(Failure):
    """The file cannot be begun."""


@click.group("new")
def new_command() -> None:
    """Begin a file of the project."""


@new_command.command("migration")
@click.argument("name")
@click.option(
    "--no-transaction", is_flag=True, help="For statements that refuse one: CREATE INDEX CONCURRENTLY, VACUUM."
)
@options.project
def migration_command(name: str, project: Path, *, no_transaction: bool) -> None:
    """Begin a migration called NAME, with the next number. Prints its path."""
    folder = Project.load(project).migrations
    title = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
    if not title:
        raise NewFileError(f"expected a name of letters and digits, got {name!r}")
    scripts = read_scripts(folder)
    digits = len(re.split(r"[_-]", scripts[-1].name)[0]) if scripts else _DIGITS
    number = scripts[-1].number + 1 if scripts else 1
    path = folder / f"{number:0{digits}}_{title}.sql"
    first_line = "-- transaction: off" if no_transaction else f"-- Migration {number}: {name}"
    try:
        folder.mkdir(exist_ok=True)
        path.write_text(f"{first_line}\n", encoding="utf-8")
    except OSError as error:
        raise NewFileError(f"{shown(path)} cannot be written: {error.strerror}") from None
    Terminal().say(str(shown(path)))
