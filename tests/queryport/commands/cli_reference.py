"""Prints docs/cli.md, made of the commands' own help, for `make docs` and for the test that compares the two."""

from collections.abc import Iterator

import click

from queryport.commands.main import queryport

_HEAD = """\
# The commands

Written from the commands' own help by `make docs`.

| exit code | meaning |
|---|---|
| 0 | Done. |
| 1 | It failed, or there are errors in the project's files. |
| 2 | The command line is wrong. |
"""


def reference() -> str:
    """The page as it should be."""
    context = queryport.make_context("queryport", [], resilient_parsing=True, terminal_width=100)
    return "\n".join([_HEAD, *_sections(queryport, context)])


def _sections(command: click.Command, context: click.Context) -> Iterator[str]:
    """The section of a command and, of a group, those of its commands."""
    yield _section(command, context)
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            # click keeps the option --help of a command's first call, which in a test is one without the group's -h.
            below._help_option = None
            yield from _sections(below, below.make_context(name, [], parent=context, resilient_parsing=True))


def _section(command: click.Command, context: click.Context) -> str:
    return f"## {context.command_path}\n\n```\n{command.get_help(context)}\n```\n"


if __name__ == "__main__":
    click.echo(reference(), nl=False)
