"""Prints docs/cli.md, made of the commands' own help, for `make docs` and for the test that compares the two."""

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
    sections = [_HEAD, _section(queryport, context)]
    for name in queryport.list_commands(context):
        command = queryport.get_command(context, name)
        assert command is not None
        sections.append(_section(command, command.make_context(name, [], parent=context, resilient_parsing=True)))
    return "\n".join(sections)


def _section(command: click.Command, context: click.Context) -> str:
    return f"## {context.command_path}\n\n```\n{command.get_help(context)}\n```\n"


if __name__ == "__main__":
    click.echo(reference(), nl=False)
