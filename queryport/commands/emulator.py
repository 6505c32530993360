"""`queryport emulator`: the local RDS Data API as a program of its own, for clients in any language."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, get_type_hints

import click
from rich.text import Text

from queryport.aws.local_account import RESOURCE_ARN, SECRET_ARN
from queryport.commands import options
from queryport.console.collector import collector_resumed
from queryport.console.terminal import Terminal
from queryport.emulator import Clusters, Emulator, Limits
from queryport.postgres.revival import kept_running
from queryport.postgres.server import EmbeddedPostgres
from queryport.project.databases import Databases, Scripts, database_name
from queryport.project.embedded_databases import EmbeddedDatabases
from queryport.project.own_database import OwnDatabase
from queryport.project.project import Project
from queryport.web.listener import allow_many_connections, listen_by_option
from queryport.web.pages import Allowed, is_loopback

_WARNING = (
    "warning: whoever can reach {host} can run any SQL here, since no password is asked for: keep the port from "
    "other machines (docker run --publish 127.0.0.1:8081:8081, in a compose file likewise)"
)

_EVERY_ADDRESS = ("0.0.0.0", "::")  # noqa: S104 (asked for, not chosen)


def _limits(_: click.Context, __: click.Parameter, given: Sequence[str]) -> Limits:
    """The limits with those that are given as NAME=NUMBER."""
    kinds = get_type_hints(Limits)
    values: dict[str, Any] = {}
    for text in given:
        name, _sign, number = text.partition("=")
        try:
            values[name] = value = kinds[name](number)
            if not 0 < value < float("inf"):
                raise ValueError
        except (KeyError, ValueError):
            names = ", ".join(kinds)
            raise click.BadParameter(
                f"expected NAME=NUMBER with a number above 0 and one of {names} as the name, got {text!r}"
            ) from None
    return Limits(**values)


@click.command("emulator")
@click.option(
    "--project",
    type=options.GivenPath(file_okay=False),
    metavar="DIR",
    help="A project whose migrations and seeds fill the database. [default: none, and PostgreSQL's own databases]",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=8081, show_default=True, help="0 takes a free one.")
@click.option("--database-url", metavar="URL", help="A PostgreSQL of your own instead of the embedded one.")
@click.option(
    "--clusters",
    "clusters_file",
    type=options.GivenPath(dir_okay=False),
    metavar="FILE",
    help="A TOML file that declares clusters and secrets; without it any ARN is accepted.",
)
@click.option(
    "--limit",
    "limits",
    multiple=True,
    callback=_limits,
    metavar="NAME=NUMBER",
    help="One of the service's limits, for tests that cannot wait: statement_seconds=2. May be given several times.",
)
@click.option("--check-region", is_flag=True, help="Refuse ARNs of another region than the request is signed for.")
@options.allowed
@click.option(
    "--data-dir",
    type=options.GivenPath(file_okay=False),
    default=Path(".queryport"),
    show_default=True,
    metavar="DIR",
    help="Where the embedded PostgreSQL keeps its data.",
)
@collector_resumed()
def emulator_command(
    project: Path | None,
    host: str,
    port: int,
    database_url: str | None,
    clusters_file: Path | None,
    limits: Limits,
    data_dir: Path,
    check_region: bool,  # noqa: FBT001 (click passes every option by name)
    allow_origin: tuple[str, ...],
    allow_host: tuple[str, ...],
) -> None:
    """Run a local RDS Data API that behaves like AWS, over a real PostgreSQL.

    Prints the environment variables that point a program at it, and serves until Ctrl-C.
    """
    allow_many_connections()
    listen_by_option(host, port, "--port").close()  # a taken port is told before PostgreSQL is started
    terminal = Terminal(stderr=True)
    resource_arn, secret_arn = RESOURCE_ARN, SECRET_ARN
    clusters = Clusters.load(clusters_file) if clusters_file is not None else None
    if clusters is not None:
        resource_arn = next(iter(clusters.clusters), resource_arn)
        secret_arn = next(iter(clusters.secrets), secret_arn)
    with ExitStack() as stack:
        url = stack.enter_context(_database(project, database_url, data_dir))
        allowed = Allowed(allow_origin, allow_host)
        emulator = stack.enter_context(
            Emulator(
                url,
                host=host,
                port=port,
                limits=limits,
                clusters=clusters,
                allowed=allowed,
                check_region=check_region,
                # As if the master user were called so, as it usually is.
                unnamed_database="postgres" if database_url is None else None,
            )
        )
        reachable = "localhost" if host in _EVERY_ADDRESS else host
        try:
            if not is_loopback(host):
                terminal.prose(Text(_WARNING.format(host=host)))
            click.echo(f"export AWS_ENDPOINT_URL_RDS_DATA=http://{reachable}:{emulator.port}")
            click.echo(f"export QUERYPORT_RESOURCE_ARN={resource_arn}")
            click.echo(f"export QUERYPORT_SECRET_ARN={secret_arn}")
            if project is not None:
                click.echo(f"export QUERYPORT_DATABASE={database_name(url)}")
            terminal.prose(Text(_advice(accepts_any_arn=clusters is None)))
            emulator.wait()
        except KeyboardInterrupt:
            click.echo("stopped", err=True)


@contextmanager
def _database(project: Path | None, database_url: str | None, data_dir: Path) -> Iterator[str]:
    """The URL of the database, made from the project if there is one, for the length of a with block."""
    report = Terminal(stderr=True).note
    with ExitStack() as stack:
        databases: Databases
        if database_url is not None:
            url, databases = database_url, OwnDatabase(database_url, migrate=project is not None, report=report)
        else:
            server = stack.enter_context(EmbeddedPostgres(data_dir / "postgres"))
            stack.enter_context(kept_running(server, Terminal(stderr=True).error))
            databases = embedded = EmbeddedDatabases(lambda: server, report)
            url = embedded.unmigrated()
        if project is not None:
            url = databases.calls(databases.data(Scripts.of(Project.load(project)), Terminal(stderr=True).step))
        yield url


def _advice(*, accepts_any_arn: bool) -> str:
    arns = "Any ARN is accepted" if accepts_any_arn else "The file's ARNs are accepted"
    return (
        f"{arns}, and any AWS credentials and region: where an SDK finds none, set AWS_REGION "
        "(boto3: AWS_DEFAULT_REGION), AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY to anything.\nA call names its "
        "database; one that names none goes, as on Aurora, to the database that is called like its user.\nCtrl-C stops."
    )
