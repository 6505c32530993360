"""The extensions of the embedded PostgreSQL: which there are, and the one that is written here."""

import re
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from queryport.postgres.server import EmbeddedPostgres
from tests.support.repository import ROOT

Connection = psycopg.Connection[tuple[Any, ...]]


def test_the_documentation_names_every_extension(postgres: EmbeddedPostgres) -> None:
    with psycopg.connect(postgres.url()) as connection:
        there = connection.execute("SELECT name FROM pg_available_extensions WHERE name <> 'plpgsql'").fetchall()
    page = (ROOT / "docs/serve.md").read_text()
    named = re.search(r"these extensions:\n\n(.+?)\n\n", page, re.DOTALL)
    assert named is not None
    assert sorted(re.findall(r"`([\w-]+)`", named[1])) == sorted(name for (name,) in there)


@pytest.fixture
def with_uuid_ossp(postgres: EmbeddedPostgres) -> Iterator[Connection]:
    """A connection, in a transaction that is rolled back, with uuid-ossp in a schema that is not searched."""
    with psycopg.connect(postgres.url()) as connection:
        connection.execute("CREATE SCHEMA ids")
        connection.execute('CREATE EXTENSION "uuid-ossp" SCHEMA ids')
        yield connection
        connection.rollback()


@pytest.mark.parametrize("name", ["python.org", "", "é" * 40, "x" * 39, "x" * 40, "x" * 48, "x" * 300])
def test_uuids_of_names_are_those_of_the_standard(with_uuid_ossp: Connection, name: str) -> None:
    found = with_uuid_ossp.execute(
        "SELECT ids.uuid_generate_v3(ids.uuid_ns_dns(), %s), ids.uuid_generate_v5(ids.uuid_ns_url(), %s)", (name, name)
    ).fetchone()
    assert found == (uuid.uuid3(uuid.NAMESPACE_DNS, name), uuid.uuid5(uuid.NAMESPACE_URL, name))


def test_the_constants_are_those_of_the_standard(with_uuid_ossp: Connection) -> None:
    found = with_uuid_ossp.execute(
        "SELECT ids.uuid_nil(), ids.uuid_ns_dns(), ids.uuid_ns_url(), ids.uuid_ns_oid(), ids.uuid_ns_x500()"
    ).fetchone()
    expected = (uuid.NAMESPACE_DNS, uuid.NAMESPACE_URL, uuid.NAMESPACE_OID, uuid.NAMESPACE_X500)
    assert found == (uuid.UUID(int=0), *expected)


@pytest.mark.parametrize("expression", ["ids.uuid_generate_v1()", "ids.uuid_generate_v1mc()"])
def test_uuids_of_the_time_tell_it_and_differ(with_uuid_ossp: Connection, expression: str) -> None:
    rows = with_uuid_ossp.execute(b"SELECT %b FROM generate_series(1, 5000)" % expression.encode()).fetchall()
    made: set[uuid.UUID] = {row[0] for row in rows}
    assert len(made) == 5000
    for one in made:
        assert (one.version, one.variant) == (1, uuid.RFC_4122)
        assert one.node >> 40 & 1 == 1  # no address of a real network card
        at = datetime(1582, 10, 15, tzinfo=UTC) + timedelta(microseconds=one.time // 10)
        assert abs(datetime.now(UTC) - at) < timedelta(minutes=1)


def test_random_uuids_are_random(with_uuid_ossp: Connection) -> None:
    rows = with_uuid_ossp.execute("SELECT ids.uuid_generate_v4() FROM generate_series(1, 100)").fetchall()
    assert len({row[0] for row in rows}) == 100
    assert {row[0].version for row in rows} == {4}


def test_the_extension_can_move_to_another_schema(with_uuid_ossp: Connection) -> None:
    with_uuid_ossp.execute('ALTER EXTENSION "uuid-ossp" SET SCHEMA public')
    row = with_uuid_ossp.execute("SELECT uuid_generate_v5(uuid_ns_dns(), 'a'), uuid_generate_v1()").fetchone()
    assert row is not None
    assert row[0] == uuid.uuid5(uuid.NAMESPACE_DNS, "a")
