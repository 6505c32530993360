"""The address of a deployed database, in the terms of the RDS Data API."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DatabaseAddress:
    resource_arn: str
    secret_arn: str
    database: str | None = None
    """Without it the Data API takes the database that is named like the secret's user."""
