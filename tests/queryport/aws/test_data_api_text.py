"""Statements rewritten for the RDS Data API, and what PostgreSQL makes of them."""

import psycopg
import pytest

from queryport.aws.placeholders import scan
from queryport.aws.safe_text import escape_for_data_api
from tests.support.databases import NewDatabase


@pytest.mark.parametrize(
    "text",
    [
        "CREATE TABLE a (n int DEFAULT 1::int, t text DEFAULT ':x')",
        "DO $$ BEGIN PERFORM 1; END $$",
        "-- at :noon\nSELECT 1",
    ],
)
def test_what_the_scanner_leaves_alone_stays_as_it_is(text: str) -> None:
    assert escape_for_data_api(text) == text


def test_a_body_becomes_an_ordinary_string() -> None:
    escaped = escape_for_data_api("DO $b$ SELECT ':x', 'it''s', $q$:y$q$ $b$")
    assert escaped == "DO ' SELECT '':x'', ''it''''s'', $q$:y$q$ '"


def test_a_slice_gets_a_space() -> None:
    assert escape_for_data_api("SELECT 'é', a[1:2], a[:n] FROM t") == "SELECT 'é', a[1: 2], a[: n] FROM t"


BODY = r"""
DECLARE
    parts text[] := string_to_array('a,b,c', ',');
    back text := 'C:\temp\new';
BEGIN
    -- don't read :this as a parameter
    RETURN array_to_string(parts[1:2], ':x') || E'\t' || back || $q$ it's :y $q$;
END
"""


@pytest.mark.parametrize("tag", ["$$", "$body$"])
def test_a_function_that_the_scanner_would_break_is_the_same_function(tag: str, new_database: NewDatabase) -> None:
    text = f"CREATE OR REPLACE FUNCTION f() RETURNS text LANGUAGE plpgsql AS {tag}{BODY}{tag}"
    written = escape_for_data_api(text)
    assert written is not None
    assert written != text
    assert not scan(written).placeholders
    with psycopg.connect(new_database(), autocommit=True) as connection:
        for each in (text, written):
            connection.execute(each.encode())
            assert connection.execute("SELECT prosrc FROM pg_proc WHERE proname = 'f'").fetchone() == (BODY,)
            assert connection.execute("SELECT f()").fetchone() == ("a:xb\tC:\\temp\\new it's :y ",)
