"""Both ways to a database for the suites here: a connection, and the RDS Data API with the real boto3."""

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import cache

from psycopg.conninfo import conninfo_to_dict

from queryport.console.progress import Progress, no_progress
from queryport.deployed.address import DatabaseAddress
from queryport.deployed.client import DeployedClient
from queryport.deployed.transport import DataApiTransport
from queryport.migrations.connection import connect
from queryport.migrations.transport import MigrationTransport

WAYS = ("connection", "data-api")

Open = Callable[[], AbstractContextManager[MigrationTransport]]


@contextmanager
def opened(way: str, url: str, progress: Progress = no_progress) -> Iterator[MigrationTransport]:
    """A transport to the database of a URL; the environment points the SDK at an emulator."""
    if way == "connection":
        with connect(url, progress) as transport:
            yield transport
        return
    client = _client(os.environ["AWS_ENDPOINT_URL_RDS_DATA"], str(conninfo_to_dict(url)["dbname"]))
    yield DataApiTransport(client, progress)


@cache
def _client(endpoint: str, database: str) -> DeployedClient:
    """The client of a database, which boto3 takes as long to make as for six calls."""
    del endpoint  # which the SDK reads of the environment
    cluster = "arn:aws:rds:us-east-1:123456789012:cluster:shop"
    secret = "arn:aws:secretsmanager:us-east-1:123456789012:secret:shop"  # noqa: S105 (an ARN is no secret)
    return DeployedClient(DatabaseAddress(cluster, secret, database))
