"""`queryport psql`: psql on a development database, with the embedded PostgreSQL running for as long as it lasts."""

import shutil
import signal
import subprocess
import sys
from pathlib import Path

import click

from queryport.commands import options
from queryport.console.failure import CommandError
from queryport.console.terminal import Terminal
from queryport.project.databases import Scripts
from queryport.project.embedded_databases import EmbeddedDatabases
from queryport.project.kept import DATA, require_kept
from queryport.project.project import Project
from queryport.project.workspace import embedded_postgres


class PsqlError(CommandError):
    """psql cannot be started."""


@click.command("psql", context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED, metavar="[-- PSQL_OPTION...]")
@click.option("--database", "name", default=DATA, metavar="NAME", help="A kept database: see `queryport db list`.")
@options.project
@options.data_dir
def psql_command(arguments: tuple[str, ...], name: str, project: Path, data_dir: Path | None) -> None:
    """Open psql on the database that is served from, brought up to date.

    What stands behind -- is for psql itself: queryport psql -- -c 'TABLE book'. Exits with psql's code.
    """
    program = shutil.which("psql")
    progress = Terminal(stderr=True)
    with embedded_postgres(project, data_dir, progress) as server:
        databases = EmbeddedDatabases(lambda: server, progress.note)
        if name == DATA:
            url = databases.data(Scripts.of(Project.load(project)), progress.step)
        else:
            with databases.session() as session:
                require_kept(session, name)
            url = server.url(name)
        if program is None:
            raise PsqlError(
                "psql is not on the PATH: install PostgreSQL's client programs, or take any other with "
                f"{url} while `queryport serve` runs"
            )
        # Ctrl-C is for psql, which cancels its statement.
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            done = subprocess.run([program, *arguments, url], check=False)  # noqa: S603 (the user's own psql)
        finally:
            signal.signal(signal.SIGINT, before)
    sys.exit(done.returncode)
