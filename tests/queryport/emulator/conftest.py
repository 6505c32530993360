"""Fixtures of the emulator's tests: one emulator for most, a fresh database and the real boto3 for each."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import psycopg
import pytest

from queryport.emulator import Clusters, Emulator, Limits
from queryport.postgres.server import EmbeddedPostgres
from queryport.testing.databases import create_database
from tests.support.data_api import Api

NewEmulator = Callable[..., Emulator]


@pytest.fixture
def new_emulator(postgres: EmbeddedPostgres) -> Iterator[NewEmulator]:
    """Starts an emulator of the test's own, with its limits or its clusters."""
    with ExitStack() as stack:

        def start(limits: Limits | None = None, clusters: Clusters | None = None) -> Emulator:
            return stack.enter_context(Emulator(postgres.url(), limits=limits, clusters=clusters))

        yield start


@pytest.fixture(scope="session")
def _shared_database(postgres: EmbeddedPostgres) -> str:
    return create_database(postgres.url(), f"emulator_suite_{os.getpid()}").name


@pytest.fixture(scope="session")
def _emptying(postgres: EmbeddedPostgres, _shared_database: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(postgres.url(_shared_database), autocommit=True) as connection:
        yield connection


_IS_EMPTY = """
SELECT count(pg_terminate_backend(pid, 10000)) = 0 AND NOT EXISTS (
    SELECT FROM pg_depend WHERE refclassid = 'pg_namespace'::regclass AND refobjid = 'public'::regnamespace
)
FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle'
"""
"""Ends the transactions that a test left open, which would hold their locks against what empties the database.

Waits until they are gone: the next test's call would be the first to hear of it.
"""


@pytest.fixture
def database(_shared_database: str, _emptying: psycopg.Connection) -> Iterator[str]:
    """The name of an empty database. It is emptied and not made anew for each test, which would take much longer."""
    yield _shared_database
    if _emptying.execute(_IS_EMPTY).fetchone() != (True,):
        _emptying.execute("DROP SCHEMA public CASCADE")
        _emptying.execute("CREATE SCHEMA public")
        _emptying.execute("GRANT USAGE ON SCHEMA public TO PUBLIC")


@pytest.fixture
def new_api(database: str) -> Iterator[Callable[[Emulator], Api]]:
    """Makes clients of an emulator, for the test's database."""
    with ExitStack() as stack:
        yield lambda emulator: stack.enter_context(Api(emulator.url, database))


@pytest.fixture(scope="session")
def _shared_api(queryport_emulator: Emulator, _shared_database: str) -> Iterator[Api]:
    with Api(queryport_emulator.url, _shared_database) as api:
        yield api


@pytest.fixture
def api(emulator: Emulator, database: str, _shared_api: Api) -> Api:  # noqa: ARG001 (both are made ready)
    """A client of the shared emulator, for the test's database."""
    return _shared_api
