"""`queryport list`: the operations of a project, and how each is called."""

import json
import sys
from pathlib import Path

import click

from handler.contract.execution import Batch, Transaction
from handler.contract.operation import Operation
from queryport.commands import options
from queryport.commands.named_operation import operations_that_begin
from queryport.commands.problems import show_problems, summary_of
from queryport.commands.tables import show_operations
from queryport.compile import Compilation
from queryport.console.terminal import Terminal
from queryport.diagnostics.rules import Severity
from queryport.project.workspace import open_workspace


@click.command("list")
@click.argument("prefix", required=False, default="")
@click.option("--explain", is_flag=True, help="Show each setting of the operations, and the file that it comes from.")
@options.project
@options.data_dir
@options.migrated_database_url
def list_command(prefix: str, project: Path, data_dir: Path | None, database_url: str | None, *, explain: bool) -> None:
    """Show the operations whose names begin with PREFIX, or all: route, parameters and result of each."""
    with open_workspace(project, data_dir, database_url, Terminal(stderr=True), migrate=False) as workspace:
        compilation = workspace.build().compilation
    terminal = Terminal()
    operations = operations_that_begin(compilation, prefix)
    if explain:
        for operation in operations:
            _explain(terminal, operation, compilation)
    elif operations:
        show_operations(terminal, operations, in_full=True)
    errors = Terminal(stderr=True)
    show_problems(errors, [problem for problem in compilation.problems if problem.severity is Severity.ERROR])
    errors.note(summary_of(compilation))
    sys.exit(0 if compilation.ok else 1)


def _explain(terminal: Terminal, operation: Operation, compilation: Compilation) -> None:
    """Show each setting of an operation with its place: in its own file, or in a `_folder.yaml` above it."""
    terminal.say(operation.name)
    for path, value, span in compilation.header(operation.name).settings():
        own = compilation.files[operation.name].source.path
        file = f"{span.source.path}:{span.source.place(span).line}" if span.source else own
        terminal.say(f"  {'.'.join(path)}: {json.dumps(value, ensure_ascii=False, default=str)}  ({file})")
    terminal.say(f"  access: {', '.join(operation.access.allow)}{'' if operation.access.http else '; not over HTTP'}")
    if operation.row_security is not None:
        terminal.say(f"  row-level security: {way_of_claims(operation)}")


def way_of_claims(operation: Operation) -> str:
    """The way in which the database learns who calls."""
    if isinstance(operation.execution, Transaction | Batch):
        return "a transaction that sets the claims first"
    return "the statement sets the claims itself"
