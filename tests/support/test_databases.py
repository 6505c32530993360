"""Databases of suites."""

import psycopg

from queryport.postgres.server import EmbeddedPostgres
from tests.support.databases import emptied, run_script, suite_database


def test_a_module_whose_tests_a_worker_comes_back_to_has_its_database_again(postgres: EmbeddedPostgres) -> None:
    first, again = (
        suite_database(postgres, "come_back_to", lambda url: run_script(url, "CREATE TABLE a ()")) for _ in range(2)
    )
    assert first == again


def test_a_database_is_emptied_whatever_a_test_has_done_to_it(postgres: EmbeddedPostgres) -> None:
    database = suite_database(postgres, "emptied", lambda _: None)
    for left in (
        "CREATE SCHEMA s; CREATE TABLE s.a (); CREATE TABLE a (); DROP SCHEMA public CASCADE",
        "CREATE TABLE a ();"
        "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()",
    ):
        run_script(emptied(database), left)
        with psycopg.connect(emptied(database)) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT nspname FROM pg_namespace WHERE nspname !~ '^(pg_|information_schema)'")
            assert cursor.fetchall() == [("public",)]
            cursor.execute("SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace")
            assert cursor.fetchall() == []
