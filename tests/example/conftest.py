"""The bookshop, seeded twice over, and its operations compiled and served by the handler."""

import secrets
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from queryport.compile import Compilation, compile_project
from queryport.migrations.runner import apply
from queryport.postgres.server import EmbeddedPostgres
from tests.support.repository import QUERIES, ROOT


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
    with psycopg.connect(postgres.url(), autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    apply(postgres.url(name), ROOT / "migrations", ROOT / "seed")
    return postgres.url(name)


@pytest.fixture(scope="module")
def shops(postgres: EmbeddedPostgres, pristine: Shops) -> Shops:
    """Two copies of the shop that a module may change. They go with the server; dropping them would take seconds."""
    template = sql.Identifier(str(conninfo_to_dict(pristine.one)["dbname"]))
    names = [f"copy_{secrets.token_hex(4)}" for _ in range(2)]
    with psycopg.connect(postgres.url(), autocommit=True) as connection:
        for name in names:
            connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), template))
    return Shops(*map(postgres.url, names))


@pytest.fixture(scope="session")
def compilation(pristine: Shops) -> Compilation:
    return compile_project(QUERIES, pristine.one)
