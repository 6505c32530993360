"""`queryport asl`: prints an operation as a Task state of Step Functions."""

import json
from pathlib import Path

import click

from queryport.commands import options
from queryport.commands.named_operation import named_operation
from queryport.console.terminal import Terminal
from queryport.generate.asl import state_machine, task_state
from queryport.project.workspace import open_workspace


@click.command("asl")
@click.argument("name")
@click.option("--machine", is_flag=True, help="Print a whole state machine, with a state behind each catcher.")
@options.project
@options.data_dir
@options.migrated_database_url
def asl_command(name: str, project: Path, data_dir: Path | None, database_url: str | None, *, machine: bool) -> None:
    """Print the operation NAME as a Task state of AWS Step Functions.

    Its Retry lists what is safe to repeat for this very operation, and nothing else. ${QueryportFunctionArn} is filled
    in by the template that the state machine is deployed with.
    """
    with open_workspace(project, data_dir, database_url, Terminal(stderr=True), migrate=False) as workspace:
        operation = named_operation(workspace.build().compilation, name)
    click.echo(json.dumps(state_machine(operation) if machine else task_state(operation), indent=2, ensure_ascii=False))
