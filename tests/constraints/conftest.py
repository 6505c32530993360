"""A schema with constraints of every kind, and a function whose operations break them."""

from pathlib import Path
from typing import NamedTuple

import psycopg
import pytest

from handler.contract.operation import Operation
from queryport.emulator import Emulator
from queryport.postgres.server import EmbeddedPostgres
from tests.constraints.cases import CASES
from tests.support.compiling import compile_to_catalog
from tests.support.databases import suite_database, with_our_tables
from tests.support.function import Function
from tests.support.projects import write

SCHEMA = Path(__file__).with_name("schema.sql")

_ROWS = """
TRUNCATE customer, orders, note, remark, booking, event, audit, watched, twin, other.twin;
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
    url: str


@pytest.fixture(scope="session")
def compiled(
    postgres: EmbeddedPostgres, queryport_emulator: Emulator, tmp_path_factory: pytest.TempPathFactory
) -> Broken:
    database = suite_database(postgres, "constraints_suite", with_our_tables(SCHEMA))
    folder = write(tmp_path_factory.mktemp("constraints"), {f"{name}.sql": case.sql for name, case in CASES.items()})
    path, compilation = compile_to_catalog(folder, database.url)
    function = Function.over(queryport_emulator.url, database.name, path)
    return Broken(function, {each.name: each for each in compilation.operations}, database.url)


@pytest.fixture
def broken(compiled: Broken) -> Broken:
    """The function, over the same rows for each test."""
    with psycopg.connect(compiled.url, autocommit=True) as connection:
        connection.execute(_ROWS.encode())
    return compiled
