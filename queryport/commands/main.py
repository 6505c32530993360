"""The command line: every command's arguments, help and exit code; what a command does is in the module of its name.

Exit codes: 0 done, 1 it failed or found errors, 2 the command line is wrong.
"""

import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from queryport.console import signals
from queryport.console.failure import Failure

# What a command needs is imported when it runs: `queryport --help` should not wait for compilers and servers.

F = TypeVar("F", bound=Callable[..., Any])

_project = click.option(
    "--project",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    metavar="DIR",
    help="The project's folder. [default: the current folder]",
)
_data_dir = click.option(
    "--data-dir",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Where the embedded PostgreSQL keeps its data. [default: .queryport in the project]",
)


def _database_url(use: str) -> Callable[[F], F]:
    return click.option(
        "--database-url", metavar="URL", help=f"A PostgreSQL of your own instead of the embedded one. {use}"
    )


def _deployed(use: str) -> Callable[[F], F]:
    """The options that say where a deployed database is; they have the names of the function's own variables."""

    def decorate(command: F) -> F:
        for option, variable, help_text in (
            ("--database", "QUERYPORT_DATABASE", "The database. [default: the one named like the secret's user]"),
            ("--secret-arn", "QUERYPORT_SECRET_ARN", f"The secret of the database user {use}."),
            ("--resource-arn", "QUERYPORT_RESOURCE_ARN", "The deployed Aurora cluster."),
        ):
            command = click.option(
                option,
                envvar=variable,
                show_envvar=True,
                metavar="NAME" if option == "--database" else "ARN",
                help=help_text,
            )(command)
        return command

    return decorate


def _target(resource_arn: str | None, secret_arn: str | None, database: str | None) -> Any:
    from queryport.deployed.client import Target

    missing = [
        f"{option} (or {variable})"
        for option, variable, value in (
            ("--resource-arn", "QUERYPORT_RESOURCE_ARN", resource_arn),
            ("--secret-arn", "QUERYPORT_SECRET_ARN", secret_arn),
        )
        if not value
    ]
    if not resource_arn or not secret_arn:
        raise click.UsageError(f"where the deployed database is: give {' and '.join(missing)}")
    return Target(resource_arn, secret_arn, database or None)


_taken_as_it_is = _database_url("It must have the migrations applied.")


class _Commands(click.Group):
    """The commands of this module, and those that others define, which are imported when they are asked for."""

    _elsewhere: Final = {"emulator": ("queryport.commands.emulator", "emulator_command")}

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted([*super().list_commands(ctx), *self._elsewhere])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self._elsewhere:
            return super().get_command(ctx, cmd_name)
        module, name = self._elsewhere[cmd_name]
        command: click.Command = getattr(importlib.import_module(module), name)
        return command


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="queryport", prog_name="queryport", message="%(prog)s %(version)s")
def queryport() -> None:
    """A folder of SQL files becomes a typed, validated data API.

    Every command works on a project: a folder with sql_queries/, migrations/ and, if it likes, seed/.
    """


@queryport.command("serve", short_help="Serve the project and reload on save.")
@_project
@click.option("--port", type=click.IntRange(0, 65535), default=8080, show_default=True, help="Where HTTP is answered.")
@click.option(
    "--emulator-port",
    type=click.IntRange(0, 65535),
    default=8081,
    show_default=True,
    help="Where the local RDS Data API is.",
)
@_data_dir
@_database_url("The migrations and seeds are applied to it.")
def serve_command(
    project: Path, port: int, emulator_port: int, data_dir: Path | None, database_url: str | None
) -> None:
    """Serve the project on this machine, and take up every file as it is saved.

    Starts the embedded PostgreSQL, applies the migrations and the seeds, compiles the query files, and answers HTTP
    as the Lambda behind its Function URL would. Ctrl-C stops everything.
    """
    try:
        from queryport.commands.serve import Options, serve
        from queryport.console.terminal import Terminal

        serve(Options(project, data_dir, database_url, port, emulator_port), Terminal())
    except KeyboardInterrupt:
        click.echo("stopped")


@queryport.command("check", short_help="Report what is wrong; write nothing.")
@click.option(
    "--live", is_flag=True, help="Compare the deployed database with the project too, through the RDS Data API."
)
@_project
@_data_dir
@_taken_as_it_is
@_deployed("that the function is")
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
    from queryport.console.terminal import Terminal, counted, summary
    from queryport.project.workspace import open_workspace

    target = _target(resource_arn, secret_arn, database) if live else None
    progress, terminal = Terminal(stderr=True), Terminal()
    with open_workspace(project, data_dir, database_url, progress, migrate=False) as workspace:
        build = workspace.build()
        compilation = build.compilation
        terminal.problems(compilation.problems)
        if target is None:
            terminal.say(summary(compilation))
            sys.exit(0 if compilation.ok else 1)
        from queryport.deployed.client import Deployed
        from queryport.deployed.drift import check_live

        deployed = Deployed(target, progress.step)
        with workspace.schema(build.scripts) as url, progress.step("Comparing the deployed database"):
            found = check_live(deployed, build.scripts.migrations, compilation.catalogue, url)
    for drift in found.drifts:
        terminal.say(f"{drift.subject}: {drift.difference}")
    for addition in found.additions:
        terminal.note(f"{addition}: not made by a migration")
    differences = counted(len(found.drifts), "difference") if found.drifts else "no differences"
    terminal.say(f"{summary(compilation)}; {differences} in the deployed database")
    sys.exit(1 if found.drifts or not compilation.ok else 0)


@queryport.command("build", short_help="Write catalog.json.")
@_project
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="The file to write. [default: catalog.json in the project]",
)
@_data_dir
@_taken_as_it_is
def build_command(project: Path, output: Path | None, data_dir: Path | None, database_url: str | None) -> None:
    """Compile the query files into the catalogue that the Lambda starts from.

    Writes nothing and exits with 1 if there is any error.
    """
    from queryport.compile.write.emit import write_catalog
    from queryport.console.terminal import Terminal, summary
    from queryport.project.workspace import open_workspace

    with open_workspace(project, data_dir, database_url, Terminal(stderr=True), migrate=False) as workspace:
        build = workspace.build()
    compilation = build.compilation
    output = output or build.project.root / "catalog.json"
    terminal = Terminal()
    terminal.problems(compilation.problems)
    if not compilation.ok:
        terminal.say(f"{summary(compilation)}: nothing was written")
        sys.exit(1)
    try:
        write_catalog(output, compilation.catalogue, build.fingerprint)
    except OSError as error:
        raise click.ClickException(f"{output} cannot be written: {error.strerror}") from None
    terminal.say(f"{summary(compilation)}: wrote {output}")


@queryport.command("migrate", short_help="Bring a deployed database up to date.")
@click.option("--dry-run", is_flag=True, help="Show what would be applied, and apply nothing.")
@click.option("--status", is_flag=True, help="Show every migration and when it was applied, and apply nothing.")
@_project
@_deployed("that owns the schema")
@click.option("--database-url", metavar="URL", help="Apply them over a connection to this PostgreSQL instead.")
def migrate_command(
    project: Path,
    resource_arn: str | None,
    secret_arn: str | None,
    database: str | None,
    database_url: str | None,
    *,
    dry_run: bool,
    status: bool,
) -> None:
    """Apply the migrations to a deployed database, through the RDS Data API.

    Needs no network access to the database, only permission to call the Data API. Each file is one transaction, unless
    the comment at its top says `-- transaction: off`. Files that ran are known by name and checksum: an edited one is
    refused. One command works on a database at a time; others wait. Seeds are left out: they are for development.
    """
    from queryport.commands.migrate import apply_over_connection, migrate, show_plan, show_status
    from queryport.console.terminal import Terminal
    from queryport.migrations.scripts import read_scripts
    from queryport.project.project import Project

    if dry_run + status + bool(database_url) > 1:
        raise click.UsageError("--dry-run, --status and --database-url do not go together: give one of them")
    migrations = Project.load(project).migrations
    if database_url:
        apply_over_connection(database_url, migrations, Terminal())
        return
    do = show_status if status else show_plan if dry_run else migrate
    do(_target(resource_arn, secret_arn, database), read_scripts(migrations), Terminal())


@queryport.command("run", short_help="Call one operation.")
@click.argument("name")
@click.argument("parameters", nargs=-1, metavar="[KEY=VALUE]...")
@click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")
@_project
@_data_dir
@_database_url("The migrations and seeds are applied to it.")
def run_command(
    name: str,
    parameters: tuple[str, ...],
    project: Path,
    data_dir: Path | None,
    database_url: str | None,
    *,
    as_json: bool,
) -> None:
    """Call the operation NAME through the handler and print what it answers.

    Values are read as the parameter's type wants them: text as it stands, everything else as JSON. KEY=@FILE takes the
    value from a file, and KEY:=JSON gives it as JSON whatever the type, for example note:=null.
    """
    from handler.contract import exact_json
    from queryport.commands.run import run, show
    from queryport.console.terminal import Terminal
    from queryport.project.workspace import open_workspace

    progress = Terminal(stderr=True)
    with open_workspace(project, data_dir, database_url, progress, migrate=True) as workspace:
        operation, data = run(workspace, name, parameters, progress)
    if as_json:
        click.echo(exact_json.dumps(data))
    else:
        show(operation, data, Terminal())


@queryport.command("asl", short_help="Print an operation as a Task of Step Functions.")
@click.argument("name")
@click.option("--machine", is_flag=True, help="Print a whole state machine, with a state behind each catcher.")
@_project
@_data_dir
@_taken_as_it_is
def asl_command(name: str, project: Path, data_dir: Path | None, database_url: str | None, *, machine: bool) -> None:
    """Print the operation NAME as a Task state of AWS Step Functions.

    Its Retry lists what is safe to repeat for this very operation, and nothing else. ${QueryportFunctionArn} is filled
    in by the template that the state machine is deployed with.
    """
    import json

    from queryport.commands.run import find
    from queryport.console.terminal import Terminal
    from queryport.generate.asl import state_machine, task_state
    from queryport.project.workspace import open_workspace

    with open_workspace(project, data_dir, database_url, Terminal(stderr=True), migrate=False) as workspace:
        operation = find(workspace.build().compilation, name)
    click.echo(json.dumps(state_machine(operation) if machine else task_state(operation), indent=2, ensure_ascii=False))


@queryport.command("init", short_help="Lay out a new project.")
@click.argument("directory", type=click.Path(file_okay=False, path_type=Path), metavar="DIR")
def init_command(directory: Path) -> None:
    """Lay out a new project in DIR.

    Query files, a migration, a seed, tests that pass, a Dockerfile, a template for AWS SAM, a Makefile and a workflow
    for GitHub. Overwrites nothing.
    """
    from queryport.commands.init import init
    from queryport.console.terminal import Terminal, counted

    files = init(directory)
    terminal = Terminal()
    terminal.say(f"wrote {counted(len(files), 'file')} to {directory}")
    terminal.say(f"next: cd {directory} && make test && make serve")


def main() -> None:
    """The console script."""
    signals.install()
    try:
        queryport()
    except Failure as error:
        from queryport.console.terminal import Terminal

        Terminal(stderr=True).error(str(error))
        sys.exit(1)
