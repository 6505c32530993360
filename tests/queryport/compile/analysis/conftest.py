"""A schema that tempts an analysis into claims that do not hold, over data full of NULLs and ties."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from queryport.compile.describe.database import Database
from queryport.postgres.server import EmbeddedPostgres
from queryport.testing.databases import FreshDatabase
from tests.support.databases import suite_database, with_our_tables

SCHEMA = Path(__file__).with_name("schema.sql")


@pytest.fixture(scope="session")
def suite(postgres: EmbeddedPostgres) -> FreshDatabase:
    return suite_database(postgres, "analysis_suite", with_our_tables(SCHEMA))


@pytest.fixture(scope="session")
def database_url(suite: FreshDatabase) -> str:
    return suite.url


@pytest.fixture(scope="session")
def database(database_url: str) -> Iterator[Database]:
    with Database(database_url) as database:
        yield database
