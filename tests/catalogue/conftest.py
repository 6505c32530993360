"""A catalogue of SQL that is not the example's, compiled and called through the handler, boto3 and the emulator."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from handler.contract.operation import Operation
from queryport.emulator import Emulator
from queryport.postgres.server import EmbeddedPostgres
from queryport.testing.databases import FreshDatabase
from queryport.testing.function import cold_start, function_environment, invoke
from tests.catalogue.reads import READS
from tests.catalogue.writes import WRITES
from tests.support.compiling import compile_to_catalog
from tests.support.databases import suite_database, with_our_tables
from tests.support.projects import write

Call = Callable[[Any], bytes]


@pytest.fixture(scope="session")
def database(postgres: EmbeddedPostgres) -> FreshDatabase:
    return suite_database(postgres, "catalogue_suite", with_our_tables(Path(__file__).with_name("schema.sql")))


@pytest.fixture(scope="session")
def database_url(database: FreshDatabase) -> str:
    return database.url


@pytest.fixture(scope="session")
def catalogue(database: FreshDatabase, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Operation]]:
    """catalog.json and the operations in it."""
    texts = {name: read.sql for name, read in READS.items()} | WRITES
    folder = write(tmp_path_factory.mktemp("catalogue"), {f"{name}.sql": text for name, text in texts.items()})
    path, compilation = compile_to_catalog(folder, database.url)
    return path, {operation.name: operation for operation in compilation.operations}


@pytest.fixture(scope="session")
def call(database: FreshDatabase, catalogue: tuple[Path, dict[str, Operation]], queryport_emulator: Emulator) -> Call:
    """The Lambda's entry, for this catalogue."""
    return partial(invoke, cold_start(function_environment(queryport_emulator.url, database.name, catalogue[0])))
