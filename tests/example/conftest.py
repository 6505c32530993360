"""The bookshop, seeded twice over, and its operations compiled and served by the handler."""

import secrets
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import pytest
from psycopg.conninfo import conninfo_to_dict

from queryport.compile import Compilation, compile_project
from queryport.migrations.runner import apply
from queryport.postgres.server import EmbeddedPostgres
from queryport.testing.databases import create_database
from tests.support.databases import suite_database
from tests.support.repository import MIGRATIONS, QUERIES, SEED


class Shops(NamedTuple):
    """Two databases, each made from the migrations and the seed, as URLs."""

    one: str
    other: str


@pytest.fixture(scope="session")
def pristine(postgres: EmbeddedPostgres) -> Shops:
    """Two shops seeded independently of each other. What a test changes there it rolls back, or it takes `shops`."""
    with ThreadPoolExecutor(2) as both:
        return Shops(*both.map(lambda _: _open_shop(postgres), range(2)))


def _open_shop(postgres: EmbeddedPostgres) -> str:
    name = f"shop_{secrets.token_hex(4)}"
    return suite_database(postgres, name, lambda url: apply(url, MIGRATIONS, SEED))


@pytest.fixture(scope="module")
def shops(postgres: EmbeddedPostgres, pristine: Shops) -> Shops:
    """Two copies of the shop that a module may change. They go with the server; dropping them would take seconds."""
    template = str(conninfo_to_dict(pristine.one)["dbname"])
    copies = [create_database(postgres.url(), f"copy_{secrets.token_hex(4)}", template) for _ in range(2)]
    return Shops(*(copy.url for copy in copies))


@pytest.fixture(scope="session")
def compilation(pristine: Shops) -> Compilation:
    return compile_project(QUERIES, pristine.one)
