"""`queryport list`: the operations of a project, and how each is called."""

import sys
from pathlib import Path

import click

from queryport.commands import options
from queryport.commands.tables import show_operations, show_problems, summary_of
from queryport.console.terminal import Terminal
from queryport.diagnostics.rules import Severity
from queryport.project.workspace import open_workspace


@click.command("list")
@click.argument("prefix", required=False, default="")
@options.project
@options.data_dir
@options.migrated_database_url
def list_command(prefix: str, project: Path, data_dir: Path | None, database_url: str | None) -> None:
    """Show the operations whose names begin with PREFIX, or all: route, parameters and result of each."""
    with open_workspace(project, data_dir, database_url, Terminal(stderr=True), migrate=False) as workspace:
        compilation = workspace.build().compilation
    terminal = Terminal()
    operations = [operation for operation in compilation.operations if operation.name.startswith(prefix)]
    if operations:
        show_operations(terminal, operations, in_full=True)
    errors = Terminal(stderr=True)
    show_problems(errors, [problem for problem in compilation.problems if problem.severity is Severity.ERROR])
    errors.note(summary_of(compilation))
    sys.exit(0 if compilation.ok else 1)
