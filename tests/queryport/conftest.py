"""What takes long to start and runs all the while: data directories with a server, and a browser."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest
from psycopg import sql

from queryport.postgres.server import EmbeddedPostgres

if TYPE_CHECKING:
    from playwright.sync_api import Browser

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


@pytest.fixture(scope="session")
def chromium() -> Iterator["Browser"]:
    """Debian's Chromium without a window, for which every host of `.example` is this machine."""
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if program is None:
        assert "CI" not in os.environ, "chromium is not installed: apt-get install chromium"
        pytest.skip("chromium is not installed: apt-get install chromium")
    from playwright.sync_api import sync_playwright  # half a second, for the few tests that look at pages

    options = [
        "--no-sandbox",
        "--host-resolver-rules=MAP *.example 127.0.0.1",
        # So that the browser's own guard of private networks is not what keeps a hostile page out.
        "--disable-features=LocalNetworkAccessChecks,BlockInsecurePrivateNetworkRequests",
    ]
    with sync_playwright() as playwright, playwright.chromium.launch(executable_path=program, args=options) as browser:
        yield browser
