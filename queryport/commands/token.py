"""`queryport token`: a JSON Web Token that only this project's `queryport serve` trusts."""

import re
from pathlib import Path

import click

from queryport.commands import options
from queryport.commands.claims import parse_claims
from queryport.compile.read.entries import SECONDS
from queryport.local.issuer import DevelopmentIssuer
from queryport.project.project import Project
from queryport.project.workspace import made_data_dir


@click.command("token")
@click.option("--claim", "claims", multiple=True, metavar="NAME=VALUE", help="A claim; several are possible.")
@click.option("--scope", "scopes", multiple=True, metavar="SCOPE", help="A word of the claim `scope`.")
@click.option("--expires", default="1h", show_default=True, metavar="TIME", help="How long it is good, such as 8h.")
@options.project
@options.data_dir
def token_command(
    claims: tuple[str, ...], scopes: tuple[str, ...], expires: str, project: Path, data_dir: Path | None
) -> None:
    """Print a token for `queryport serve`, to send as the header `Authorization: Bearer TOKEN`.

    It is signed by a key of this project's, made on first use, which no deployed function trusts. VALUE is JSON where
    it is JSON, and a text where it is none.
    """
    if not re.fullmatch(r"[1-9][0-9]{0,4}[smhd]", expires):
        raise click.BadParameter("expected a number and a unit, s, m, h or d, such as 8h", param_hint="--expires")
    Project.load(project)
    given = parse_claims(claims)
    if scopes:
        given["scope"] = " ".join(scopes)
    issuer = DevelopmentIssuer(made_data_dir(project, data_dir))
    click.echo(issuer.token(given, int(expires[:-1]) * SECONDS[expires[-1]]))
