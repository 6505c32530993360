"""The environment of the function, read once at start-up.

Only what is Queryport's own: the AWS SDK reads its variables itself (`AWS_DEFAULT_REGION`, `AWS_ENDPOINT_URL_RDS_DATA`,
…), and so does Powertools (`POWERTOOLS_*`). Every variable is described in docs/settings.md.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

DEFAULT_CATALOG = Path(__file__).resolve().parent.parent / "catalog.json"


class SettingsError(Exception):
    """The environment lacks something; the message names every variable at fault."""


class Settings(NamedTuple):
    resource_arn: str
    """QUERYPORT_RESOURCE_ARN: the Aurora cluster."""
    secret_arn: str
    """QUERYPORT_SECRET_ARN: the secret of the database user that the operations run as."""
    database: str | None
    """QUERYPORT_DATABASE; without it the Data API takes the database that is named like the user."""
    catalog: Path
    """QUERYPORT_CATALOG: the compiled operations."""
    schema: str | None = None
    """QUERYPORT_SCHEMA: the fingerprint of the database's schema, as it was when the function was deployed."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Settings":
        required = {name: environment.get(name, "") for name in ("QUERYPORT_RESOURCE_ARN", "QUERYPORT_SECRET_ARN")}
        if missing := [name for name, value in required.items() if not value]:
            raise SettingsError(f"{' and '.join(missing)} must be set to an ARN in the function's environment")
        return cls(
            resource_arn=required["QUERYPORT_RESOURCE_ARN"],
            secret_arn=required["QUERYPORT_SECRET_ARN"],
            database=environment.get("QUERYPORT_DATABASE") or None,
            catalog=Path(environment.get("QUERYPORT_CATALOG") or DEFAULT_CATALOG),
            schema=environment.get("QUERYPORT_SCHEMA") or None,
        )
