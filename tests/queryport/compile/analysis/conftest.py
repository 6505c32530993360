"""A schema that tempts an analysis into claims that do not hold, over data full of NULLs and ties."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from queryport.compile.describe.database import Database
from queryport.migrations.runner import apply_scripts
from queryport.postgres.server import EmbeddedPostgres

SCHEMA = Path(__file__).with_name("schema.sql")


@pytest.fixture(scope="session")
def database_url(postgres: EmbeddedPostgres) -> str:
    with psycopg.connect(postgres.url(), autocommit=True) as connection:
        connection.execute("CREATE DATABASE analysis_suite")
    url = postgres.url("analysis_suite")
    apply_scripts(url, ())
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(SCHEMA.read_bytes())
    return url


@pytest.fixture(scope="session")
def database(database_url: str) -> Iterator[Database]:
    with Database(database_url) as database:
        yield database
