"""The bookshop, seeded, and its operations compiled."""

import pytest

from queryport.compile import Compilation
from queryport.postgres.server import EmbeddedPostgres
from tests.support.shop import compiled_shop, read_only_shop


@pytest.fixture(scope="session")
def pristine(postgres: EmbeddedPostgres) -> str:
    """The URL of a shop as it was seeded. What a test changes there it rolls back, or it takes a copy."""
    return read_only_shop(postgres).url


@pytest.fixture(scope="session")
def compilation(postgres: EmbeddedPostgres) -> Compilation:
    return compiled_shop(postgres)
