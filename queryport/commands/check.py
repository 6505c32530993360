"""`queryport check`: reports what is wrong with the query files, and where a deployed database differs from them."""

import sys
from pathlib import Path

import click

from queryport.commands import options
from queryport.commands.tables import show_problems, summary
from queryport.console.terminal import Terminal, counted
from queryport.deployed.client import DeployedClient
from queryport.deployed.drift import check_live
from queryport.project.workspace import open_workspace


@click.command("check")
@click.option(
    "--live", is_flag=True, help="Compare the deployed database with the project too, through the RDS Data API."
)
@options.project
@options.data_dir
@options.migrated_database_url
@options.deployed("that the function is")
def check_command(
    project: Path,
    data_dir: Path | None,
    database_url: str | None,
    resource_arn: str | None,
    secret_arn: str | None,
    database: str | None,
    *,
    live: bool,
) -> None:
    """Compile the query files, report what is wrong with them, and write nothing.

    With --live, say as well where the deployed database differs: migrations that it lacks, tables, columns and types
    that are not those of the migrations, and operations that it would refuse. Nothing is changed or executed.

    Exits with 1 if there is any error or difference; warnings are shown and do not count.
    """
    address = options.deployed_address(resource_arn, secret_arn, database) if live else None
    progress, terminal = Terminal(stderr=True), Terminal()
    with open_workspace(project, data_dir, database_url, progress, migrate=False) as workspace:
        build = workspace.build()
        compilation = build.compilation
        show_problems(terminal, compilation.problems)
        if address is None:
            terminal.say(summary(compilation))
            sys.exit(0 if compilation.ok else 1)
        deployed = DeployedClient(address, progress.step)
        with workspace.schema(build.scripts) as url, progress.step("Comparing the deployed database"):
            found = check_live(deployed, build.scripts.migrations, compilation.catalogue, url)
    for drift in found.drifts:
        terminal.say(f"{drift.subject}: {drift.difference}")
    for addition in found.additions:
        terminal.note(f"{addition}: not made by a migration")
    differences = counted(len(found.drifts), "difference") if found.drifts else "no differences"
    terminal.say(f"{summary(compilation)}; {differences} in the deployed database")
    sys.exit(1 if found.drifts or not compilation.ok else 0)
