"""Data directories for projects, whose server runs all the while: to make and start one takes a second and more."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from queryport.postgres.server import EmbeddedPostgres

DataDirectory = Callable[[str], Path]


@pytest.fixture(scope="session")
def emptied_data_dir(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DataDirectory]:
    """The data directory of a name, of this worker's own, without anything that a project has left in it."""
    with ExitStack() as servers:

        @cache
        def started(name: str) -> EmbeddedPostgres:
            directory = tmp_path_factory.mktemp(name) / "postgres"
            return servers.enter_context(EmbeddedPostgres(directory, durable=False))

        def emptied(name: str) -> Path:
            server = started(name)
            _drop_databases(server)
            data_dir = server.directory.parent
            for left in data_dir.iterdir():
                if left.is_dir() and left != server.directory:
                    shutil.rmtree(left)
                elif left != server.directory:
                    left.unlink()
            return data_dir

        yield emptied


@pytest.fixture
def data_dir(emptied_data_dir: DataDirectory) -> Path:
    """A data directory for one test."""
    return emptied_data_dir("of-tests")


@pytest.fixture(scope="module")
def module_data_dir(emptied_data_dir: DataDirectory) -> Path:
    """A data directory for the tests of a module."""
    return emptied_data_dir("of-modules")


def _drop_databases(server: EmbeddedPostgres) -> None:
    with psycopg.connect(server.url(), autocommit=True) as connection:
        found = connection.execute("SELECT datname FROM pg_database WHERE datname ~ '^(app|schema_)'").fetchall()
        for (name,) in found:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
