"""`queryport key`: API keys, of which the function keeps hashes in a secret of AWS Secrets Manager."""

import json
import re
from pathlib import Path

import click

from queryport.commands import options
from queryport.commands.claims import parse_claims
from queryport.local.api_keys import LocalApiKeys, new_key
from queryport.project.project import Project
from queryport.project.workspace import made_data_dir

_NAME = re.compile(r"[A-Za-z0-9_.-]{1,100}")
_EXPIRES = re.compile(r"[1-9][0-9]{0,4}d")


@click.group("key")
def key_command() -> None:
    """Make API keys, which callers send as the header X-Api-Key."""


@key_command.command("new", short_help="Make a key and the entry for the secret.")
@click.argument("name")
@click.option("--claim", "claims", multiple=True, metavar="NAME=VALUE", help="A claim; several are possible.")
@click.option("--expires", metavar="DAYS", help="For how long it is good, such as 90d. [default: for ever]")
@click.option("--local", is_flag=True, help="For `queryport serve` and `run` of this project alone.")
@options.project
@options.data_dir
def new_command(
    name: str,
    claims: tuple[str, ...],
    expires: str | None,
    project: Path,
    data_dir: Path | None,
    *,
    local: bool,
) -> None:
    """Make an API key called NAME.

    The key is printed once and kept nowhere. The entry, which holds a hash of it, goes into the list `keys` of the
    secret that QUERYPORT_API_KEYS_SECRET_ARN names; with --local, into the project's own for development. Two keys may
    have one name, so that a new one can take over from an old one.
    """
    if not _NAME.fullmatch(name):
        raise click.BadParameter("a name has letters, digits and _ . -", param_hint="NAME")
    if expires is not None and not _EXPIRES.fullmatch(expires):
        raise click.BadParameter("expected a number of days, such as 90d", param_hint="--expires")
    key, entry = new_key(name, parse_claims(claims), None if expires is None else int(expires[:-1]))
    if local:
        Project.load(project)
        LocalApiKeys(made_data_dir(project, data_dir)).add(entry)
        click.echo(f"The key, which only `queryport serve` and `run` of this project take:\n\n  {key}")
        return
    click.echo(f"The key, for its owner:\n\n  {key}\n\nThe entry, for the secret:\n")
    click.echo(f"  {json.dumps(entry, ensure_ascii=False)}\n")
    click.echo('The secret is {"keys": [ENTRY, …]}; QUERYPORT_API_KEYS_SECRET_ARN names it.')
