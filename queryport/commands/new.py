"""`queryport new`: begins a file of a project, with the name and the place that it has to have."""

import re
from collections.abc import Sequence
from pathlib import Path

import click

from queryport.commands import options
from queryport.console.failure import CommandError
from queryport.console.terminal import Terminal
from queryport.diagnostics.source import shown
from queryport.migrations.scripts import Script, read_scripts
from queryport.project.project import Project

_DIGITS = 4


class NewFileError(CommandError):
    """The file cannot be begun."""


@click.group("new")
def new_command() -> None:
    """Begin a file of the project."""


@new_command.command("migration")
@click.argument("name")
@click.option(
    "--no-transaction", is_flag=True, help="For statements that refuse one: CREATE INDEX CONCURRENTLY, VACUUM."
)
@click.option("--repeatable", is_flag=True, help="For views and functions: it runs again whenever its text changes.")
@options.project
def migration_command(name: str, project: Path, *, no_transaction: bool, repeatable: bool) -> None:
    """Begin a migration called NAME, with the next number. Prints its path."""
    if no_transaction and repeatable:
        raise click.UsageError("--no-transaction and --repeatable do not go together: give one of them")
    folder = Project.load(project).migrations
    title = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
    if not title:
        raise NewFileError(f"expected a name of letters and digits, got {name!r}")
    name_of_file, first_line = _begun(read_scripts(folder), title, name, repeatable=repeatable)
    if no_transaction:
        first_line = "-- transaction: off"
    path = folder / name_of_file
    try:
        folder.mkdir(exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(f"{first_line}\n")
    except FileExistsError:
        raise NewFileError(f"{shown(path)} is there already") from None
    except OSError as error:
        raise NewFileError(f"{shown(path)} cannot be written: {error.strerror}") from None
    Terminal().say(str(shown(path)))


def _begun(scripts: Sequence[Script], title: str, name: str, *, repeatable: bool) -> tuple[str, str]:
    """The name of a new migration's file, and its first line."""
    if repeatable:
        return f"R_{title}.sql", f"-- {title}: runs again whenever this text changes; write CREATE OR REPLACE …"
    numbered = [script for script in scripts if not script.repeatable]
    digits = len(re.split(r"[_-]", numbered[-1].name)[0]) if numbered else _DIGITS
    number = (numbered[-1].number or 0) + 1 if numbered else 1
    return f"{number:0{digits}}_{title}.sql", f"-- Migration {number}: {name}"
