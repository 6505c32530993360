"""A database, and an emulator of it that the environment points the SDK at, with little patience."""

from collections.abc import Iterator

import pytest

from queryport.deployed import transport as data_api
from queryport.emulator import Emulator, Limits
from queryport.migrations import runner, steps
from queryport.testing.function import client_environment
from tests.support.databases import NewDatabase


@pytest.fixture
def url(new_database: NewDatabase) -> str:
    return new_database()


@pytest.fixture
def impatient_emulator(url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with Emulator(url, limits=Limits(statement_seconds=1.0)) as emulator:
        for name, value in client_environment(emulator.url).items():
            monkeypatch.setenv(name, value)
        for module in (data_api, runner, steps):
            monkeypatch.setattr(module, "_POLL_SECONDS", 0.1)
        yield
