"""The command line: finds the command that is asked for, and ends with its exit code.

A command is the module of its name, and is imported when it is called: `queryport --help` waits for no compiler and no
server. Exit codes: 0 done, 1 it failed or found errors, 2 the command line is wrong.
"""

import importlib
import sys
from typing import Any, Final

import click

from queryport.console import signals
from queryport.console.failure import CommandError

_LAZY_COMMANDS: Final = {
    "asl": "Print an operation as a Task of Step Functions.",
    "build": "Write catalog.json.",
    "check": "Report what is wrong; write nothing.",
    "db": "List, restore and reset the development databases.",
    "emulator": "Run a local RDS Data API.",
    "init": "Lay out a new project.",
    "key": "Make an API key.",
    "list": "Show the operations and how to call them.",
    "migrate": "Bring a deployed database up to date.",
    "new": "Begin a file of the project.",
    "openapi": "Print the OpenAPI document.",
    "psql": "Open psql on the development database.",
    "role": "Print a database role of the least privileges.",
    "run": "Call one operation.",
    "serve": "Serve the project and reload on save.",
    "token": "Print a token for this project's serve.",
}
"""The commands with what `queryport --help` says of each."""


class _Commands(click.Group):
    """Commands that are imported when they are called: of `NAME`, NAME_command in queryport.commands.NAME."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 (click's signature)
        return [*_LAZY_COMMANDS]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 (as above)
        if cmd_name not in _LAZY_COMMANDS:
            return None
        with signals.held_back():  # Python, interrupted within an import, may go on without a word, or crash
            module = importlib.import_module(f"queryport.commands.{cmd_name}")
        command: click.Command = getattr(module, f"{cmd_name}_command")
        return command

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except click.UsageError as error:
            raise click.UsageError(_fitted(error.format_message()), error.ctx) from None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 (as above)
        with formatter.section("Commands"):
            formatter.write_dl([*_LAZY_COMMANDS.items()])


def _fitted(message: str) -> str:
    """The message as it fits behind click's `Error: ` on the terminal."""
    from rich.text import Text

    from queryport.console.terminal import Terminal

    lead = "Error: "
    return Terminal(stderr=True).fitted(Text(lead + message)).plain.removeprefix(lead)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="queryport", prog_name="queryport", message="%(prog)s %(version)s")
def queryport() -> None:
    """A folder of SQL files becomes a typed, validated data API.

    Every command works on a project: a folder with sql_queries/, migrations/ and, if it likes, seed/.
    """


def main() -> None:
    """Run the command that the arguments name; signals and failures end it in good order."""
    signals.install()
    try:
        queryport()
    except CommandError as error:
        from queryport.console.terminal import Terminal

        Terminal(stderr=True).error(str(error))
        sys.exit(1)
