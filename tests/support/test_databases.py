"""Databases of suites."""

from queryport.postgres.server import EmbeddedPostgres
from tests.support.databases import run_script, suite_database


def test_a_module_whose_tests_a_worker_comes_back_to_has_its_database_again(postgres: EmbeddedPostgres) -> None:
    first, again = (
        suite_database(postgres, "come_back_to", lambda url: run_script(url, "CREATE TABLE a ()")) for _ in range(2)
    )
    assert first == again
