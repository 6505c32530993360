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
from tests.support.compiling import catalog_of, compiled_once
from tests.support.databases import suite_database, with_our_tables

Call = Callable[[Any], bytes]

_fill = with_our_tables(Path(__file__).with_name("schema.sql"))


@pytest.fixture(scope="session")
def database(postgres: EmbeddedPostgres) -> FreshDatabase:
    return suite_database(postgres, "catalogue_suite", _fill)


@pytest.fixture(scope="session")
def database_url(database: FreshDatabase) -> str:
    return database.url


@pytest.fixture(scope="session")
def catalogue(
    postgres: EmbeddedPostgres, database: FreshDatabase, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, dict[str, Operation]]:
    """catalog.json and the operations in it."""
    texts = {name: read.sql for name, read in READS.items()} | WRITES
    files = {f"{name}.sql": text for name, text in texts.items()}
    compilation = compiled_once(postgres, "catalogue", files, database.url)
    path = catalog_of(compilation, tmp_path_factory.mktemp("catalogue"))
    return path, {operation.name: operation for operation in compilation.operations}


@pytest.fixture(scope="session")
def read_only(postgres: EmbeddedPostgres) -> FreshDatabase:
    """A database of the same content, which no test changes."""
    return suite_database(postgres, "catalogue_read_only", _fill)


@pytest.fixture(scope="session")
def read(read_only: FreshDatabase, catalogue: tuple[Path, dict[str, Operation]], queryport_emulator: Emulator) -> Call:
    """The Lambda's entry, for the reads of this catalogue."""
    return partial(invoke, cold_start(function_environment(queryport_emulator.url, read_only.name, catalogue[0])))


@pytest.fixture(scope="session")
def call(database: FreshDatabase, catalogue: tuple[Path, dict[str, Operation]], queryport_emulator: Emulator) -> Call:
    """The Lambda's entry, for this catalogue."""
    return partial(invoke, cold_start(function_environment(queryport_emulator.url, database.name, catalogue[0])))
