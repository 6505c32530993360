"""The options that several commands have, each with one name, one meaning and one help text."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from queryport.deployed.address import DatabaseAddress

F = TypeVar("F", bound=Callable[..., Any])


class GivenPath(click.Path):
    """A path, but not the empty text of an unset variable, which pathlib takes for the current folder."""

    def __init__(self, *, exists: bool = False, file_okay: bool = True, dir_okay: bool = True) -> None:
        super().__init__(exists=exists, file_okay=file_okay, dir_okay=dir_okay, path_type=Path)

    def convert(
        self, value: str | os.PathLike[str], param: click.Parameter | None, ctx: click.Context | None
    ) -> str | bytes | os.PathLike[str]:
        if not os.fspath(value):
            cure = "a folder, or . for the current one" if self.dir_okay else "a file"
            self.fail(f"the path is empty: name {cure}", param, ctx)
        return super().convert(value, param, ctx)


project = click.option(
    "--project",
    type=GivenPath(file_okay=False),
    default=Path(),
    metavar="DIR",
    help="The project's folder. [default: the current folder]",
)
data_dir = click.option(
    "--data-dir",
    type=GivenPath(file_okay=False),
    metavar="DIR",
    help="Where the embedded PostgreSQL keeps its data. [default: .queryport in the project]",
)

cached = click.option(
    "--no-cache",
    "cached",
    flag_value=False,
    default=True,
    help="Compile every file, whatever an earlier command compiled, and keep nothing for the next one.",
)


def allowed(command: F) -> F:
    """The options that let web pages and other names of the machine through: `allow_origin` and `allow_host`."""
    for option, metavar, help_text in (
        (
            "--allow-host",
            "NAME",
            "A further name of this machine that requests may be for. May be given several times.",
        ),
        (
            "--allow-origin",
            "URL",
            "A web page's origin that may call, http://localhost:5173. May be given several times.",
        ),
    ):
        command = click.option(option, multiple=True, metavar=metavar, help=help_text)(command)
    return command


def database_url(use: str) -> Callable[[F], F]:
    """`--database-url`, with a sentence on what the command does with that database."""
    return click.option(
        "--database-url", metavar="URL", help=f"A PostgreSQL of your own instead of the embedded one. {use}"
    )


migrated_database_url = database_url("It must have the migrations applied.")
served_database_url = database_url("The migrations and seeds are applied to it.")


def deployed(user: str) -> Callable[[F], F]:
    """The options that say where a deployed database is, named like the function's own environment variables."""

    def decorate(command: F) -> F:
        for option, variable, help_text in (
            ("--database", "QUERYPORT_DATABASE", "The database. [default: the one named like the secret's user]"),
            ("--secret-arn", "QUERYPORT_SECRET_ARN", f"The secret of the database user {user}."),
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


def deployed_address(
    resource_arn: str | None, secret_arn: str | None, database: str | None, *, otherwise: str = ""
) -> DatabaseAddress:
    """The deployed database that the options name. Raises click.UsageError for those that are missing.

    `otherwise` is what can be given instead.
    """
    missing = [
        f"{option} (or {variable})"
        for option, variable, value in (
            ("--resource-arn", "QUERYPORT_RESOURCE_ARN", resource_arn),
            ("--secret-arn", "QUERYPORT_SECRET_ARN", secret_arn),
        )
        if not value
    ]
    if not resource_arn or not secret_arn:
        raise click.UsageError(f"where the deployed database is: give {' and '.join(missing)}{otherwise}")
    return DatabaseAddress(resource_arn, secret_arn, database or None)
