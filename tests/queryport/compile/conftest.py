"""Compiles single statements against one small schema; a module with a `database` of its own has them against that."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from handler.contract.operation import Operation
from queryport.compile.describe.database import Database
from queryport.diagnostics.source import Problem
from queryport.postgres.server import EmbeddedPostgres
from tests.support import compiling
from tests.support.databases import suite_database, with_our_tables

SCHEMA = Path(__file__).with_name("schema.sql")

Compile = Callable[[str], tuple[Operation | None, list[Problem]]]


@pytest.fixture(scope="session")
def schema_url(postgres: EmbeddedPostgres) -> str:
    return suite_database(postgres, "compile_suite", with_our_tables(SCHEMA)).url


@pytest.fixture(scope="session")
def database(schema_url: str) -> Iterator[Database]:
    with Database(schema_url) as database:
        yield database


@pytest.fixture
def compile_text(database: Database) -> Compile:
    """Compiles one text as the file `query.sql`."""

    def compile_one(text: str) -> tuple[Operation | None, list[Problem]]:
        compiled = compiling.compile_text(database, text)
        return compiled.operation, list(compiled.problems)

    return compile_one


@pytest.fixture
def operation_of(compile_text: Compile) -> Callable[[str], Operation]:
    """Compiles a text that has nothing wrong with it."""

    def compile_one(text: str) -> Operation:
        operation, problems = compile_text(text)
        assert not problems, "\n".join(problem.render() for problem in problems)
        assert operation is not None
        return operation

    return compile_one
