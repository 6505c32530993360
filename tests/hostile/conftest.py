"""A function over every type of a database, and the example's, for callers who mean no good."""

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import pytest

from handler.contract.errors import OperationError
from handler.contract.operation import Operation
from queryport.compile import Compilation
from queryport.emulator import Emulator
from queryport.postgres.server import EmbeddedPostgres
from queryport.testing.databases import FreshDatabase
from tests.hostile.every_type import OWN_MISTAKES, SCHEMA, every_type
from tests.hostile.warehouse import FILES as FILES_OF_WAREHOUSE
from tests.hostile.warehouse import SCHEMA as SCHEMA_OF_WAREHOUSE
from tests.support.compiling import catalog_of, compiled, compiled_once
from tests.support.databases import copy_for_suite, suite_database, with_our_tables
from tests.support.function import Function
from tests.support.once import once_a_run
from tests.support.projects import write
from tests.support.shop import compiled_shop, seeded_shop


class Target(NamedTuple):
    """A function with the operations that it serves; those with mistakes of their author's left out."""

    function: Function
    operations: dict[str, Operation]
    types: Mapping[str, str]
    database_url: str


@pytest.fixture(scope="session")
def every(postgres: EmbeddedPostgres, queryport_emulator: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Target:
    """A function with an operation for every type."""
    database = suite_database(postgres, "every_type", with_our_tables(SCHEMA))
    folder = tmp_path_factory.mktemp("every_type")

    def make() -> tuple[Compilation, dict[str, str]]:
        made = every_type(database.url)
        return compiled(write(folder, made.files), database.url), made.types

    compilation, types = once_a_run(postgres, "compiled_every_type", make)
    return _target(compilation, database, queryport_emulator, folder, types)


@pytest.fixture(scope="session")
def shop(postgres: EmbeddedPostgres, queryport_emulator: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Target:
    """The example."""
    database = copy_for_suite(postgres, seeded_shop(postgres), "hostile_shop")
    return _target(compiled_shop(postgres), database, queryport_emulator, tmp_path_factory.mktemp("shop"))


@pytest.fixture(scope="session")
def warehouse(
    postgres: EmbeddedPostgres, queryport_emulator: Emulator, tmp_path_factory: pytest.TempPathFactory
) -> Target:
    """What PostgreSQL has to refuse by: constraints of each kind, triggers, partitions, policies."""
    database = suite_database(postgres, "warehouse", with_our_tables(SCHEMA_OF_WAREHOUSE))
    compilation = compiled_once(postgres, "warehouse", FILES_OF_WAREHOUSE, database.url)
    return _target(compilation, database, queryport_emulator, tmp_path_factory.mktemp("warehouse"))


def _target(
    compilation: Compilation,
    database: FreshDatabase,
    emulator: Emulator,
    folder: Path,
    types: Mapping[str, str] = MappingProxyType({}),
) -> Target:
    function = Function.over(emulator.url, database.name, catalog_of(compilation, folder), seconds=60)
    with suppress(OperationError):
        function.invoke({"operation": next(iter(compilation.operations)).name, "parameters": {"no such": 1}})
    # That has imported what only a refusal needs: a start is no request's cost.
    operations = {each.name: each for each in compilation.operations if each.name not in OWN_MISTAKES}
    return Target(function, operations, types, database.url)
