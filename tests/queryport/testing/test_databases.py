"""Databases that tests make for themselves."""

import psycopg
import pytest

from queryport.postgres.server import EmbeddedPostgres
from queryport.testing import databases
from queryport.testing.databases import fresh_database
from tests.support.databases import run_script


@pytest.mark.parametrize("way", ["by files", "through the log"])
def test_a_copy_has_what_its_template_has_and_is_gone_afterwards(
    postgres: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    if way == "through the log":  # as on a server that has only the one way, or that syncs
        monkeypatch.setattr(databases, "_FIRST_WITH_STRATEGIES", 1_000_000)
    with fresh_database(postgres.url()) as template:
        run_script(template.url, "CREATE TABLE t AS SELECT generate_series(1, 3) AS n")
        with fresh_database(postgres.url(), template.name) as copy, psycopg.connect(copy.url) as connection:
            assert connection.execute("SELECT count(*) FROM t").fetchall() == [(3,)]
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        psycopg.connect(copy.url)
