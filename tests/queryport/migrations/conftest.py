"""An empty database, and an emulator that the environment points the SDK at, with little patience."""

from collections.abc import Iterator

import pytest

from queryport.deployed import transport as data_api
from queryport.emulator import Emulator, Limits
from queryport.migrations import runner, steps
from queryport.postgres.server import EmbeddedPostgres
from queryport.testing.function import client_environment
from tests.support.databases import emptied, suite_database


@pytest.fixture
def url(postgres: EmbeddedPostgres) -> str:
    return emptied(suite_database(postgres, "migrations_suite", lambda _: None))


@pytest.fixture(scope="session")
def _short_statements(postgres: EmbeddedPostgres) -> Iterator[Emulator]:
    with Emulator(postgres.url(), limits=Limits(statement_seconds=1.0)) as emulator:
        yield emulator


@pytest.fixture
def impatient_emulator(_short_statements: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in client_environment(_short_statements.url).items():
        monkeypatch.setenv(name, value)
    for module in (data_api, runner, steps):
        monkeypatch.setattr(module, "_POLL_SECONDS", 0.1)
