"""Which texts each format takes; whatever PostgreSQL answers in a type must be one that the type's format takes."""

import psycopg
import pytest

from handler.contract.formats import CHECKS


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("date", "2026-02-28"),
        ("date", "2024-02-29"),
        ("date", "12026-01-31"),
        ("date", "0044-03-15 BC"),
        ("date", "0001-02-29 BC"),
        ("date", "-infinity"),
        ("date-time", "2026-01-31T12:00:00Z"),
        ("date-time", "2026-01-31T24:00:00.000+02"),
        ("date-time", "2026-12-31t23:59:60.123456-05:30"),
        ("date-time", "294276-12-31T23:59:59.999999+00:00"),
        ("date-time", "4714-11-24T00:00:00+00:00 BC"),
        ("date-time", "infinity"),
        ("date-time-local", "2026-01-31 12:00:00"),
        ("time", "12:00:00+02:00"),
        ("time-local", "24:00:00"),
        ("uuid", "123e4567-E89B-12d3-a456-426614174000"),
        ("email", "jo.o'neil+shop@mail.example.com"),
        ("hostname", "a-1.example"),
        ("ipv4", "192.0.2.1"),
        ("ipv6", "2001:db8::1"),
        ("uri", "https://example.com/a?b=c#d"),
        ("uri", "urn:isbn:0451450523"),
        ("regex", "^a+$"),
    ],
)
def test_takes(name: str, text: str) -> None:
    assert CHECKS[name](text)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("date", "2026-02-29"),
        ("date", "2026-13-01"),
        ("date", "0000-01-01"),
        ("date", "2026-1-1"),
        ("date", "2026-01-31\n"),
        ("date", "2026-01-31T00:00:00Z"),
        ("date-time", "2026-01-31T12:00:00"),
        ("date-time", "2026-01-31T25:00:00Z"),
        ("date-time", "2026-01-31T24:00:01Z"),
        ("date-time", "tomorrow"),
        ("date-time-local", "2026-01-31T12:00:00Z"),
        ("time", "12:00:00"),
        ("time-local", "12:00"),
        ("uuid", "123e4567e89b12d3a456426614174000"),
        ("uuid", "{123e4567-e89b-12d3-a456-426614174000}"),
        ("email", "jo@"),
        ("email", "jo@two@example.com"),
        ("hostname", "-a.example"),
        ("hostname", "a" * 64),
        ("ipv4", "192.0.2.256"),
        ("ipv6", "::" + "0" * 10_000),
        ("ipv6", "192.0.2.1"),
        ("uri", "example.com"),
        ("uri", "https://example.com/a b"),
        ("regex", "("),
        ("regex", "a{1001}"),
        ("regex", "(?=a)"),
        ("regex", "a" * 1001),
        ("regex", "\ud800"),
        ("uri", "https:"),
        ("uri", "https://example.com/%4"),
    ],
)
def test_refuses(name: str, text: str) -> None:
    assert not CHECKS[name](text)


@pytest.mark.parametrize(
    ("name", "sql"),
    [
        ("date", "'4713-01-01 BC'::date"),
        ("date", "'5874897-12-31'::date"),
        ("date", "'infinity'::date"),
        ("date-time", "'4713-01-01 BC'::timestamptz"),
        ("date-time", "'294276-12-31 23:59:59.999999+00'::timestamptz"),
        ("date-time", "'-infinity'::timestamptz"),
        ("date-time", "'2026-11-23 12:34:56.789+05:30'::timestamptz"),
        ("date-time-local", "'0001-01-01 00:00:00 BC'::timestamp"),
        ("date-time-local", "'2026-11-23 12:34:56.1'::timestamp"),
        ("time", "'12:34:56.789-15:59'::timetz"),
        ("time", "'00:00:00+05:30:15'::timetz"),
        ("time-local", "'24:00:00'::time"),
        ("uuid", "gen_random_uuid()"),
    ],
)
def test_takes_what_postgresql_answers(name: str, sql: str, database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        answer = connection.execute(f"SELECT to_json({sql})".encode()).fetchone()
    assert answer is not None
    assert CHECKS[name](answer[0]), answer
