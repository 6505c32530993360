"""The address of a deployed database, in the terms of the RDS Data API."""

import re
from typing import NamedTuple


class DatabaseAddress(NamedTuple):
    resource_arn: str
    secret_arn: str
    database: str | None = None
    """Without it the Data API takes the database that is named like the secret's user."""

    @property
    def region(self) -> str | None:
        """The region that the cluster's ARN names; None for an ARN of any other form."""
        found = re.match(r"arn:[\w-]+:rds:([\w-]+):", self.resource_arn)
        return found[1] if found else None
