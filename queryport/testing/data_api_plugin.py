"""The pytest plugin `queryport_data_api`: a local RDS Data API with a fresh database for each test that asks for one.

Registered as an entry point, so that installing queryport[tool] is enough. Everything heavy is imported by the
fixtures, since pytest loads plugins in every run, whether a test uses them or not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from queryport import handler_package

if TYPE_CHECKING:
    from collections.abc import Iterator

    from queryport.emulator import Emulator
    from queryport.local.api_keys import LocalApiKeys

_OPTION = "--queryport-database-url"


@dataclass(frozen=True)
class LocalDataApi:
    """A running RDS Data API, and a database of it that is the test's own."""

    emulator: Emulator
    """For its faults and its log."""
    database: str
    database_url: str
    """The same database for a driver that speaks PostgreSQL's own protocol."""
    resource_arn: str = "arn:aws:rds:us-east-1:123456789012:cluster:test"
    secret_arn: str = "arn:aws:secretsmanager:us-east-1:123456789012:secret:test"  # noqa: S105 (a name, no secret)
    region: str = "us-east-1"

    @property
    def url(self) -> str:
        return self.emulator.url

    @property
    def environment(self) -> dict[str, str]:
        """The variables that point an AWS SDK at it; the fixture has set them."""
        from queryport.testing.function import client_environment

        return client_environment(self.url)

    @property
    def arguments(self) -> dict[str, str]:
        """The arguments that every call of a client needs: resourceArn, secretArn and database."""
        return {"resourceArn": self.resource_arn, "secretArn": self.secret_arn, "database": self.database}


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("queryport")
    group.addoption(
        _OPTION,
        metavar="URL",
        help="A PostgreSQL for the fixture queryport_data_api, in which it may make databases. "
        "[default: the embedded one]",
    )


@pytest.fixture(scope="session")
def queryport_database_url(pytestconfig: pytest.Config) -> Iterator[str]:
    """The PostgreSQL in which tests get databases: the embedded one, or that of --queryport-database-url."""
    from queryport.postgres.server import EmbeddedPostgres

    database_url: str | None = pytestconfig.getoption(_OPTION)
    if database_url is not None:
        yield database_url
    else:
        with EmbeddedPostgres.scratch() as postgres:
            yield postgres.url()


@pytest.fixture(scope="session")
def queryport_api_keys(tmp_path_factory: pytest.TempPathFactory) -> LocalApiKeys:
    """The API keys of the whole run, for which the emulator answers as Secrets Manager."""
    from queryport.local.api_keys import LocalApiKeys

    return LocalApiKeys(tmp_path_factory.mktemp("queryport-keys"))


@pytest.fixture(scope="session")
def queryport_emulator(queryport_database_url: str, queryport_api_keys: LocalApiKeys) -> Iterator[Emulator]:
    """The RDS Data API of the whole run."""
    if clash := handler_package.clash("contract"):
        pytest.fail(clash, pytrace=False)
    from queryport.emulator import Emulator

    with Emulator(queryport_database_url, secrets=queryport_api_keys.secret) as emulator:
        yield emulator


@pytest.fixture
def queryport_data_api(queryport_emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalDataApi]:
    """An RDS Data API with a fresh database, no faults and an empty log; the environment points AWS SDKs at it."""
    from queryport.testing.databases import fresh_database

    queryport_emulator.faults.clear()
    queryport_emulator.log.clear()
    with fresh_database(queryport_emulator.database_url) as database:
        api = LocalDataApi(queryport_emulator, database.name, database.url)
        for variable, value in api.environment.items():
            monkeypatch.setenv(variable, value)
        yield api
        queryport_emulator.faults.clear()
