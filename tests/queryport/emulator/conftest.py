"""Fixtures of the emulator's tests: one emulator for most, a fresh database and the real boto3 for each."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from queryport.emulator import Clusters, Emulator, Limits
from queryport.postgres.server import EmbeddedPostgres
from queryport.testing.databases import FreshDatabase
from tests.support.data_api import Api
from tests.support.databases import emptied, suite_database

NewEmulator = Callable[..., Emulator]


@pytest.fixture
def new_emulator(postgres: EmbeddedPostgres) -> Iterator[NewEmulator]:
    """Starts an emulator of the test's own, with its limits or its clusters."""
    with ExitStack() as stack:

        def start(limits: Limits | None = None, clusters: Clusters | None = None) -> Emulator:
            return stack.enter_context(Emulator(postgres.url(), limits=limits, clusters=clusters))

        yield start


@pytest.fixture(scope="session")
def _shared_database(postgres: EmbeddedPostgres) -> FreshDatabase:
    return suite_database(postgres, "emulator_suite", lambda _: None)


@pytest.fixture
def database(_shared_database: FreshDatabase) -> Iterator[str]:
    """The name of an empty database. It is emptied and not made anew for each test, which would take much longer."""
    yield _shared_database.name
    emptied(_shared_database)


@pytest.fixture
def new_api(database: str) -> Iterator[Callable[[Emulator], Api]]:
    """Makes clients of an emulator, for the test's database."""
    with ExitStack() as stack:
        yield lambda emulator: stack.enter_context(Api(emulator.url, database))


@pytest.fixture(scope="session")
def _shared_api(queryport_emulator: Emulator, _shared_database: FreshDatabase) -> Iterator[Api]:
    with Api(queryport_emulator.url, _shared_database.name) as api:
        yield api


@pytest.fixture
def api(emulator: Emulator, database: str, _shared_api: Api) -> Api:  # noqa: ARG001 (both are made ready)
    """A client of the shared emulator, for the test's database."""
    return _shared_api
