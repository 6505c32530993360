"""The bookshop, seeded twice over, and its operations compiled and served by the handler."""

import secrets
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import pytest

from queryport.compile import Compilation, compile_project
from queryport.migrations.runner import apply
from queryport.postgres.server import EmbeddedPostgres
from queryport.testing.databases import create_database
from tests.support.databases import suite_database, template_database
from tests.support.repository import MIGRATIONS, QUERIES, SEED


class Shops(NamedTuple):
    """Two databases, each made from the migrations and the seed, as URLs."""

    one: str
    other: str


_NAMES = ("shop_one", "shop_other")


def _seed(url: str) -> None:
    apply(url, MIGRATIONS, SEED)


@pytest.fixture(scope="session")
def pristine(postgres: EmbeddedPostgres) -> Shops:
    """Two shops seeded independently of each other. What a test changes there it rolls back, or it takes `shops`."""
    with ThreadPoolExecutor(2) as both:
        return Shops(*both.map(lambda name: suite_database(postgres, name, _seed).url, _NAMES))


@pytest.fixture(scope="module")
def shops(postgres: EmbeddedPostgres) -> Shops:
    """Two copies of the shop that a module may change. They go with the server; dropping them would take seconds."""
    template = template_database(postgres, _NAMES[0], _seed).name
    copies = [create_database(postgres.url(), f"copy_{secrets.token_hex(4)}", template) for _ in range(2)]
    return Shops(*(copy.url for copy in copies))


@pytest.fixture(scope="session")
def compilation(pristine: Shops) -> Compilation:
    return compile_project(QUERIES, pristine.one)
