"""`queryport openapi`: prints the OpenAPI document of the operations."""

import json
from pathlib import Path

import click
import yaml

from queryport.commands import options
from queryport.console.terminal import Terminal
from queryport.project.catalog_files import openapi_of
from queryport.project.workspace import open_workspace


@click.command("openapi")
@click.option("--yaml", "as_yaml", is_flag=True, help="Print YAML instead of JSON.")
@click.option(
    "-o",
    "--output",
    type=options.GivenPath(dir_okay=False),
    metavar="FILE",
    help="The file to write instead.",
)
@options.project
@options.data_dir
@options.migrated_database_url
def openapi_command(
    output: Path | None, project: Path, data_dir: Path | None, database_url: str | None, *, as_yaml: bool
) -> None:
    """Print the OpenAPI 3.1 document of all operations that HTTP callers can call.

    It is what clients are generated from. Its operations have their SQL only where queryport.toml says `sql = true`.
    """
    with open_workspace(project, data_dir, database_url, Terminal(stderr=True), migrate=False) as workspace:
        document = json.loads(openapi_of(workspace.build(), local=False).text)
    text = (
        yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=120)
        if as_yaml
        else json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    )
    if output is None:
        click.echo(text, nl=False)
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise click.ClickException(f"{output} cannot be written: {error.strerror}") from None
