"""`queryport build`: writes the catalogue that the Lambda starts from."""

import sys
from pathlib import Path

import click

from queryport.commands import options
from queryport.commands.problems import show_problems, summary_of
from queryport.console.terminal import Terminal
from queryport.project.catalog_files import write_build
from queryport.project.workspace import open_workspace


@click.command("build")
@options.project
@click.option(
    "--output",
    type=options.GivenPath(dir_okay=False),
    metavar="FILE",
    help="The file to write. [default: catalog.json in the project]",
)
@options.data_dir
@options.migrated_database_url
@options.cached
def build_command(
    project: Path, output: Path | None, data_dir: Path | None, database_url: str | None, *, cached: bool
) -> None:
    """Compile the query files into the catalogue that the Lambda starts from.

    Beside it go the files of its OpenAPI document: openapi.json, openapi.json.gz and openapi.index.json. Writes nothing
    and exits with 1 if there is any error.
    """
    progress = Terminal(stderr=True)
    with open_workspace(project, data_dir, database_url, progress, migrate=False, cached=cached) as workspace:
        build = workspace.build()
        problems = [*build.compilation.problems, *workspace.role_problems(build)]
    compilation = build.compilation
    output = output or build.project.root / "catalog.json"
    terminal = Terminal()
    show_problems(terminal, problems)
    if not compilation.ok:
        terminal.say(f"{summary_of(compilation)}: nothing was written")
        sys.exit(1)
    try:
        write_build(output, build)
    except OSError as error:
        raise click.ClickException(f"{output} cannot be written: {error.strerror}") from None
    terminal.say(f"{summary_of(compilation)}: wrote {output}")
