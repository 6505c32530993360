"""A function over every type of a database, and the example's, for callers who mean no good."""

from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import pytest

from handler.contract.errors import OperationError
from handler.contract.operation import Operation
from queryport.emulator import Emulator
from queryport.migrations.runner import apply
from queryport.postgres.server import EmbeddedPostgres
from queryport.testing.databases import FreshDatabase
from tests.hostile.every_type import OWN_MISTAKES, SCHEMA, every_type
from tests.hostile.warehouse import FILES as FILES_OF_WAREHOUSE
from tests.hostile.warehouse import SCHEMA as SCHEMA_OF_WAREHOUSE
from tests.support.compiling import compile_to_catalog
from tests.support.databases import suite_database, with_our_tables
from tests.support.function import Function
from tests.support.projects import write
from tests.support.repository import MIGRATIONS, QUERIES, SEED


class Target(NamedTuple):
    """A function with the operations that it serves; those with mistakes of their author's left out."""

    function: Function
    operations: dict[str, Operation]
    types: dict[str, str]
    database_url: str


@pytest.fixture(scope="session")
def every(postgres: EmbeddedPostgres, queryport_emulator: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Target:
    """A function with an operation for every type."""
    database = suite_database(postgres, "every_type", with_our_tables(SCHEMA))
    made = every_type(database.url)
    folder = write(tmp_path_factory.mktemp("every_type"), made.files)
    return _target(folder, database, queryport_emulator, folder, made.types)


@pytest.fixture(scope="session")
def shop(postgres: EmbeddedPostgres, queryport_emulator: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Target:
    """The example."""
    database = suite_database(postgres, "hostile_shop", lambda url: apply(url, MIGRATIONS, SEED))
    return _target(QUERIES, database, queryport_emulator, tmp_path_factory.mktemp("shop"), {})


@pytest.fixture(scope="session")
def warehouse(
    postgres: EmbeddedPostgres, queryport_emulator: Emulator, tmp_path_factory: pytest.TempPathFactory
) -> Target:
    """What PostgreSQL has to refuse by: constraints of each kind, triggers, partitions, policies."""
    database = suite_database(postgres, "warehouse", with_our_tables(SCHEMA_OF_WAREHOUSE))
    folder = write(tmp_path_factory.mktemp("warehouse"), FILES_OF_WAREHOUSE)
    return _target(folder, database, queryport_emulator, folder, {})


def _target(folder: Path, database: FreshDatabase, emulator: Emulator, into: Path, types: dict[str, str]) -> Target:
    path, compilation = compile_to_catalog(folder, database.url, into)
    function = Function.over(emulator.url, database.name, path, seconds=60)
    with suppress(OperationError):
        function.invoke({"operation": next(iter(compilation.operations)).name, "parameters": {"no such": 1}})
    # That has imported what only a refusal needs: a start is no request's cost.
    operations = {each.name: each for each in compilation.operations if each.name not in OWN_MISTAKES}
    return Target(function, operations, types, database.url)
