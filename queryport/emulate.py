"""`queryport emulator`: the RDS Data API by itself, over a real PostgreSQL, for any program in any language.

Starts the embedded PostgreSQL, unless the user names one, fills it from a project's scripts if there is a project, and
serves until it is told to stop. Knows nothing of operations.
"""

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import click

from queryport.databases import EmbeddedDatabases, OwnDatabase, Scripts, database_name
from queryport.emulator import Emulator
from queryport.emulator.clusters import Clusters
from queryport.postgres import EmbeddedPostgres
from queryport.project import Project
from queryport.terminal import Terminal

RESOURCE_ARN = "arn:aws:rds:us-east-1:123456789012:cluster:local"
SECRET_ARN = "arn:aws:secretsmanager:us-east-1:123456789012:secret:local"  # noqa: S105 (a name, and of nothing)

_EVERY_ADDRESS = ("0.0.0.0", "::")  # noqa: S104 (asked for, not chosen)


@dataclass(frozen=True, slots=True)
class Options:
    """The command's options, by their names."""

    project: Path | None
    data_dir: Path
    database_url: str | None
    clusters: Path | None
    host: str
    port: int


def emulate(options: Options, terminal: Terminal) -> NoReturn:
    """Serves until KeyboardInterrupt, and then leaves nothing behind."""
    clusters = None if options.clusters is None else Clusters.load(options.clusters)
    scripts = Scripts((), ()) if options.project is None else Scripts.of(Project.load(options.project))
    with ExitStack() as stack:
        url = stack.enter_context(_database(options, scripts, terminal))
        emulator = stack.enter_context(Emulator(url, host=options.host, port=options.port, clusters=clusters))
        click.echo(_introduction(emulator, None if clusters else database_name(url)))
        while True:
            threading.Event().wait()


def _introduction(emulator: Emulator, database: str | None) -> str:
    reachable = "localhost" if emulator.host in _EVERY_ADDRESS else emulator.host
    lines = [
        "The RDS Data API is here. Give your program these variables:",
        "",
        f"  AWS_ENDPOINT_URL_RDS_DATA=http://{reachable}:{emulator.port}",
        f"  RESOURCE_ARN={RESOURCE_ARN}",
        f"  SECRET_ARN={SECRET_ARN}",
        "",
    ]
    if database is not None:
        lines.append(f"The database is {database}. Any ARNs and any credentials will do.")
    return "\n".join(lines)


@contextmanager
def _database(options: Options, scripts: Scripts, terminal: Terminal) -> Iterator[str]:
    if options.database_url is not None:
        migrate = options.project is not None
        yield OwnDatabase(options.database_url, migrate=migrate).data(scripts, terminal.step)
        return
    server = EmbeddedPostgres(options.data_dir / "postgres")
    try:
        with terminal.step("Starting PostgreSQL"):
            server.start()
        yield EmbeddedDatabases(server).data(scripts, terminal.step)
    finally:
        server.stop()
