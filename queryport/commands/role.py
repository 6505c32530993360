"""`queryport role`: prints the SQL of a database role that may do what the operations do, and no more."""

import json
import secrets
from pathlib import Path

import click
import psycopg

from queryport.access.needs import needs
from queryport.access.role_names import why_no_role
from queryport.access.role_sql import grants, literal
from queryport.commands import options
from queryport.commands.problems import show_problems, summary_of
from queryport.compile.write.names import quoted
from queryport.console.failure import CommandError
from queryport.console.terminal import Terminal
from queryport.project.workspace import open_workspace

_SECRET_BYTES = 24


class DoesNotCompileError(CommandError):
    """Some operations do not compile, so that their needs cannot be told."""


def _role_name(_: click.Context, __: click.Parameter, name: str) -> str:
    if reason := why_no_role(name):
        raise click.BadParameter(f"no role can be called {name!r}: {reason}")
    return name


@click.command("role")
@click.argument("name", callback=_role_name)
@click.option("--grants", "grants_only", is_flag=True, help="Leave out the login, which belongs into no file.")
@options.project
@options.data_dir
@options.migrated_database_url
def role_command(
    name: str, project: Path, data_dir: Path | None, database_url: str | None, *, grants_only: bool
) -> None:
    """Print the SQL that makes the database role NAME, with the least privileges that the operations need.

    Which tables, columns, sequences and functions that is, and by which verb, PostgreSQL's own analysis of the compiled
    statements tells. The SQL can be run again: it first revokes everything that the role was granted in the database,
    but for CONNECT. What the role owns, its attributes and its memberships stay: `queryport check --role NAME`, which
    proves a role, tells of them. The login has a new password each time; its last line is the JSON for Secrets Manager.
    """
    progress = Terminal(stderr=True)
    with open_workspace(project, data_dir, database_url, progress, migrate=False) as workspace:
        build = workspace.build()
        compilation = build.compilation
        if not compilation.ok:
            show_problems(progress, compilation.problems)
            raise DoesNotCompileError(f"{summary_of(compilation)}: no role was written")
        with workspace.schema(build.scripts) as url, progress.step("Asking PostgreSQL for privileges"):
            needed = needs(url, compilation.catalogue)
            password = secrets.token_urlsafe(_SECRET_BYTES)
            with psycopg.connect(url) as connection:
                verifier = connection.pgconn.encrypt_password(password.encode(), name.encode(), b"scram-sha-256")
    _write(grants(name, needed))
    for unseen in needed.unseen:
        progress.note(unseen)
    if grants_only:
        return
    _write("\n-- PostgreSQL is told a verifier of the password, and not the password.\n")
    _write(f"ALTER ROLE {quoted(name)} LOGIN PASSWORD {literal(verifier.decode())};\n")
    _write(f"-- For Secrets Manager: {json.dumps({'username': name, 'password': password})}\n")


def _write(text: str) -> None:
    click.echo(text, nl=False, color=True)  # else it would take an escape sequence out of a name
