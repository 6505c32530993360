"""`queryport key`: API keys, of which the function keeps hashes in a secret of AWS Secrets Manager."""

import hashlib
import json
import re
import secrets
from datetime import UTC, datetime, timedelta

import click

from queryport.commands.claims import parse_claims

_PREFIX = "qp_"
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,100}")
_EXPIRES = re.compile(r"[1-9][0-9]{0,4}d")


@click.group("key")
def key_command() -> None:
    """Make API keys, which callers send as the header X-Api-Key."""


@key_command.command("new", short_help="Make a key and the entry for the secret.")
@click.argument("name")
@click.option("--claim", "claims", multiple=True, metavar="NAME=VALUE", help="A claim; several are possible.")
@click.option("--expires", metavar="DAYS", help="For how long it is good, such as 90d. [default: for ever]")
def new_command(name: str, claims: tuple[str, ...], expires: str | None) -> None:
    """Make an API key called NAME.

    The key is printed once and kept nowhere. The entry, which holds a hash of it, goes into the list `keys` of the
    secret that QUERYPORT_API_KEYS_SECRET_ARN names. Two keys may have one name, so that a new one can take over from an
    old one.
    """
    if not _NAME.fullmatch(name):
        raise click.BadParameter("a name has letters, digits and _ . -", param_hint="NAME")
    if expires is not None and not _EXPIRES.fullmatch(expires):
        raise click.BadParameter("expected a number of days, such as 90d", param_hint="--expires")
    key = _PREFIX + secrets.token_urlsafe(32)
    entry: dict[str, object] = {"name": name, "hash": "sha256:" + hashlib.sha256(key.encode()).hexdigest()}
    if claims:
        entry["claims"] = parse_claims(claims)
    if expires is not None:
        until = datetime.now(UTC) + timedelta(days=int(expires[:-1]))
        entry["expires"] = until.strftime("%Y-%m-%dT%H:%M:%SZ")
    click.echo(f"The key, for its owner:\n\n  {key}\n\nThe entry, for the secret:\n")
    click.echo(f"  {json.dumps(entry, ensure_ascii=False)}\n")
    click.echo('The secret is {"keys": [ENTRY, …]}; QUERYPORT_API_KEYS_SECRET_ARN names it.')
