"""The handler over the emulator and a real PostgreSQL, for operations that each test writes itself."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import psycopg
import pytest

from handler.contract.operation import Operation
from handler.data_api.wire import Wire
from handler.settings import Settings
from queryport.compile.write.emit import write_catalog
from queryport.emulator import Emulator
from queryport.postgres.server import EmbeddedPostgres
from queryport.testing.databases import FreshDatabase
from queryport.testing.function import client_environment, cold_start, function_environment
from tests.support.databases import run_script, suite_database
from tests.support.function import Function, NewFunction

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
def suite(postgres: EmbeddedPostgres) -> FreshDatabase:
    """The suite's database."""
    return suite_database(postgres, "handler_suite", lambda url: run_script(url, _SCHEMA))


@pytest.fixture(scope="session")
def database_url(suite: FreshDatabase) -> str:
    return suite.url


@pytest.fixture(scope="session")
def kept_connection(database_url: str) -> Iterator[psycopg.Connection]:
    """A connection that lasts as long as the suite; each statement is a transaction of its own."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        yield connection


@pytest.fixture
def emulator(emulator: Emulator, kept_connection: psycopg.Connection) -> Emulator:
    """The emulator, over empty tables."""
    kept_connection.execute("DELETE FROM account")  # of a few rows: TRUNCATE takes fifty times as long
    return emulator


@pytest.fixture
def environment(
    emulator: Emulator, suite: FreshDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Mapping[str, str]:
    """What the function finds in its environment; its catalogue is still to be written."""
    variables = function_environment(emulator.url, suite.name, tmp_path / "catalog.json")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return variables


@pytest.fixture(scope="session")
def wire(queryport_emulator: Emulator) -> Iterator[Wire]:
    """The function's connections to the Data API, kept from one test to the next."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in client_environment(queryport_emulator.url).items():
            patch.setenv(name, value)
        wire = Wire.from_environment()
    yield wire
    wire.close()


@pytest.fixture
def new_function(environment: Mapping[str, str], wire: Wire, monkeypatch: pytest.MonkeyPatch) -> NewFunction:
    """Makes a function whose catalogue has the given operations."""

    def make(*operations: Operation) -> Function:
        write_catalog(Settings.from_environment(environment).catalog, operations, fingerprint="f00d")
        monkeypatch.setattr("handler.data_api.wire.Wire.from_environment", lambda: wire)
        return Function(cold_start(environment))

    return make
