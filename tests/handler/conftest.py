"""The handler over the emulator and a real PostgreSQL, for operations that each test writes itself."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import psycopg
import pytest

from handler.contract.operation import Operation
from handler.data_api import sdk
from handler.settings import Settings
from queryport.compile.write.emit import write_catalog
from queryport.emulator import Emulator
from queryport.postgres.server import EmbeddedPostgres
from tests.support.function import Function

NewFunction = Callable[..., Function]

ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "eu-west-1",
    "QUERYPORT_RESOURCE_ARN": "arn:aws:rds:eu-west-1:123456789012:cluster:shop",
    "QUERYPORT_SECRET_ARN": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop-AbCdEf",
    "QUERYPORT_DATABASE": "handler_suite",
}

_SCHEMA = """
CREATE EXTENSION hstore;
CREATE TYPE point3 AS (x int, y numeric, label text);
CREATE TABLE account (
    account_id int PRIMARY KEY,
    email text NOT NULL CONSTRAINT account_email_key UNIQUE,
    balance numeric(20, 4) NOT NULL DEFAULT 0 CONSTRAINT balance_is_not_negative CHECK (balance >= 0),
    parent int CONSTRAINT account_parent_fkey REFERENCES account
);
"""


@pytest.fixture(scope="session")
def database_url(postgres: EmbeddedPostgres) -> str:
    with psycopg.connect(postgres.url(), autocommit=True) as connection:
        connection.execute("CREATE DATABASE handler_suite")
    url = postgres.url("handler_suite")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(_SCHEMA.encode())
    return url


@pytest.fixture(scope="session")
def shared_emulator(database_url: str) -> Iterator[Emulator]:
    with Emulator(database_url) as emulator:
        yield emulator


@pytest.fixture
def emulator(shared_emulator: Emulator, database_url: str) -> Iterator[Emulator]:
    """The emulator, without faults, with an empty log and over empty tables."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("TRUNCATE account")
    shared_emulator.log.clear()
    yield shared_emulator
    shared_emulator.faults.clear()


@pytest.fixture
def environment(emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Mapping[str, str]:
    """What the function finds in its environment; its catalogue is still to be written."""
    variables = {
        **ENVIRONMENT,
        "AWS_ENDPOINT_URL_RDS_DATA": emulator.url,
        "QUERYPORT_CATALOG": str(tmp_path / "catalog.json"),
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return variables


@pytest.fixture(scope="session")
def client(shared_emulator: Emulator) -> Iterator[sdk.StatementClient]:
    """The function's client of the Data API, made once: making one takes longer than most tests."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {**ENVIRONMENT, "AWS_ENDPOINT_URL_RDS_DATA": shared_emulator.url}.items():
            patch.setenv(name, value)
        client = sdk.rds_data_client()
    yield client
    client.close()


@pytest.fixture
def new_function(
    environment: Mapping[str, str], client: sdk.StatementClient, monkeypatch: pytest.MonkeyPatch
) -> NewFunction:
    """Makes a function whose catalogue has the given operations."""

    def make(*operations: Operation) -> Function:
        settings = Settings.from_environment(environment)
        write_catalog(settings.catalog, operations, fingerprint="f00d")
        from handler.main import Application  # importing it reads the environment

        monkeypatch.setattr("handler.data_api.sdk.rds_data_client", lambda: client)
        return Function(Application(settings))

    return make
