"""`queryport serve`: everything on the developer's machine, from SQL files to HTTP, reloaded as they are saved."""

from pathlib import Path

import click

from queryport.commands import options
from queryport.commands.development_server import Options, serve
from queryport.console.collector import collector_resumed
from queryport.console.terminal import Terminal
from queryport.web.pages import Allowed


@click.command("serve")
@options.project
@click.option("--port", type=click.IntRange(0, 65535), default=8080, show_default=True, help="Where HTTP is answered.")
@click.option(
    "--emulator-port",
    type=click.IntRange(0, 65535),
    default=8081,
    show_default=True,
    help="Where the local RDS Data API is.",
)
@options.data_dir
@options.served_database_url
@click.option(
    "--as",
    "caller",
    default="iam",
    show_default=True,
    metavar="CALLER",
    help="The caller of requests without credentials: iam, anonymous, or the claims of a token as JSON.",
)
@click.option("--show-sql", is_flag=True, help="Show the statement that PostgreSQL refuses, too.")
@options.allowed
@collector_resumed()
def serve_command(
    project: Path,
    port: int,
    emulator_port: int,
    data_dir: Path | None,
    database_url: str | None,
    caller: str,
    show_sql: bool,  # noqa: FBT001 (click passes every option by name)
    allow_origin: tuple[str, ...],
    allow_host: tuple[str, ...],
) -> None:
    """Serve the project on this machine, and take up every file as it is saved.

    Starts the embedded PostgreSQL, applies the migrations and the seeds, compiles the query files, and answers HTTP
    as the Lambda behind its Function URL would. Ctrl-C stops everything.
    """
    try:
        allowed = Allowed(allow_origin, allow_host)
        serve(Options(project, data_dir, database_url, port, emulator_port, allowed, show_sql, caller), Terminal())
    except KeyboardInterrupt:
        click.echo("stopped")
