"""Fixtures that every suite shares: one embedded PostgreSQL for the whole run, databases of it, an emulator."""

import gc
import os
from collections.abc import Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings
from xdist.workermanage import NodeManager  # type: ignore[import-untyped]  # xdist has no types

from queryport.postgres.folders import STATE_VARIABLE
from queryport.postgres.server import EmbeddedPostgres, stop_servers_in
from queryport.postgres.temporary import temporary_folder
from tests.support.databases import NewDatabase, execute, fresh_copy, run_script
from tests.support.memory import in_memory
from tests.support.once import once_a_run
from tests.support.worker_reports import WorkerReports, enough_for

if TYPE_CHECKING:
    from queryport.emulator import Emulator

# What collecting makes (modules, and thousands of tests) lives as long as the process: no collection need look at it,
# which takes a sixth of the time of this part, and tenths of a second again and again behind it.
gc.disable()

_IS_WORKER = "PYTEST_XDIST_WORKER" in os.environ

# No property test watches the clock, which on a busy machine says nothing of the code. `make hostile` takes the long
# profile.
settings.register_profile("queryport", deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=25)
settings.register_profile("long", settings.get_profile("queryport"), max_examples=1000)
settings.load_profile("queryport")

# A worker that has run its tests stops the server and writes what it has covered; xdist kills it after ten seconds.
NodeManager.EXIT_TIMEOUT = 120


_FOLDER = ExitStack()


def pytest_configure(config: pytest.Config) -> None:
    # The tests' folders are root's alone if root runs them, and PostgreSQL's files then lie here and not in /var/lib.
    # Workers inherit the variable, and so run one server together.
    if _IS_WORKER:
        if enough_for(config):
            config.pluginmanager.register(WorkerReports())
    else:
        folder = _FOLDER.enter_context(temporary_folder("queryport-testing-", stop_servers_in, parent=in_memory()))
        folder.chmod(0o711)
        os.environ[STATE_VARIABLE] = str(folder)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.get_closest_marker("early") is None)


def pytest_collection_finish() -> None:
    import httpx  # not in the main process, which collects no tests and which all workers wait for

    # A client of httpx reads a hundred certificates, which takes longer than most tests; one reading will do.
    pytest.MonkeyPatch().setattr("httpx._transports.default.create_ssl_context", cache(httpx.create_ssl_context))
    gc.freeze()
    # Of what tests make, hardly anything is in cycles: one collection of many objects does for a dozen of few.
    gc.set_threshold(10_000, 20, 20)
    gc.enable()


def pytest_unconfigure() -> None:
    if _IS_WORKER:
        gc.collect()
    # pytest collects five times behind this, and Python where it ends: a second each time, for so many objects.
    gc.freeze()
    if not _IS_WORKER:
        del os.environ[STATE_VARIABLE]
        _FOLDER.close()


@pytest.fixture(scope="session")
def postgres() -> Iterator[EmbeddedPostgres]:
    """One server for the whole run, which the first worker starts and the last one stops."""
    with EmbeddedPostgres(Path(os.environ[STATE_VARIABLE]) / "tests", durable=False) as server:
        once_a_run(server, "prepared", lambda: _prepare(server))
        yield server


def _prepare(server: EmbeddedPostgres) -> None:
    # It would come by every second, since there are so many databases, of which most are gone before it is there.
    execute(server.url(), "ALTER SYSTEM SET autovacuum = off")
    execute(server.url(), "SELECT pg_reload_conf()")
    # The first session of a database writes what each of them reads of the catalogues; copies have it of the template.
    run_script(server.url("template1"), "SELECT")


@pytest.fixture(scope="session")
def queryport_database_url(postgres: EmbeddedPostgres) -> str:
    """Our own server is also that of the package's fixtures."""
    return postgres.url()


@pytest.fixture
def emulator(queryport_emulator: "Emulator") -> Iterator["Emulator"]:
    """The emulator that tests share, without faults and with an empty log."""
    queryport_emulator.faults.clear()
    queryport_emulator.log.clear()
    yield queryport_emulator
    queryport_emulator.faults.clear()


@pytest.fixture
def new_database(postgres: EmbeddedPostgres) -> Iterator[NewDatabase]:
    """Makes fresh databases, which are dropped after the test."""
    with ExitStack() as databases:

        def make(script: Path | str | None = None) -> str:
            url = databases.enter_context(fresh_copy(postgres)).url
            if script is not None:
                run_script(url, script)
            return url

        yield make
