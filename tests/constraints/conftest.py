"""A schema with constraints of every kind, and a function whose operations break them."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import psycopg
import pytest

from handler.contract.operation import Operation
from queryport.emulator import Emulator
from queryport.postgres.server import EmbeddedPostgres
from tests.constraints.cases import CASES
from tests.support.compiling import catalog_of, compiled_once
from tests.support.databases import suite_database, with_our_tables
from tests.support.function import Function

SCHEMA = Path(__file__).with_name("schema.sql")

_ROWS = """
DELETE FROM customer; DELETE FROM orders; DELETE FROM note; DELETE FROM remark; DELETE FROM booking; DELETE FROM event;
DELETE FROM audit; DELETE FROM watched; DELETE FROM twin; DELETE FROM other.twin;
INSERT INTO customer (customer_id, email, name, code) VALUES (1, 'a@x', 'Ann', 'c1');
INSERT INTO customer (customer_id, email, name, code) VALUES (2, 'b@x', 'Bob', NULL), (3, 'c@x', 'Cy', 'K');
INSERT INTO orders (order_id, customer_id, amount) VALUES (1, 1, 5);
INSERT INTO note VALUES (1, 1);
INSERT INTO remark VALUES (1, 1);
INSERT INTO booking VALUES (1, '[1,3)');
INSERT INTO event VALUES (1, 'a', 1);
INSERT INTO twin VALUES (1);
"""


class Broken(NamedTuple):
    """A function and its operations."""

    function: Function
    operations: dict[str, Operation]
    connection: psycopg.Connection[tuple[object, ...]]


@pytest.fixture(scope="session")
def compiled(
    postgres: EmbeddedPostgres, queryport_emulator: Emulator, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Broken]:
    database = suite_database(postgres, "constraints_suite", with_our_tables(SCHEMA))
    files = {f"{name}.sql": case.sql for name, case in CASES.items()}
    compilation = compiled_once(postgres, "constraints", files, database.url)
    catalog = catalog_of(compilation, tmp_path_factory.mktemp("constraints"))
    function = Function.over(queryport_emulator.url, database.name, catalog)
    with psycopg.connect(database.url, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")  # rows go whatever refers to them or is fired
        yield Broken(function, {each.name: each for each in compilation.operations}, connection)


@pytest.fixture
def broken(compiled: Broken) -> Broken:
    """The function, over the same rows for each test."""
    compiled.connection.execute(_ROWS.encode())
    return compiled
