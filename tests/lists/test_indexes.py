"""Pages of a large list go along its indexes, from the row that they begin behind, and read little else."""

import json
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from benchmarks.lists import PAGES, PageOf, by_hand, compiled, fill, plan, statement
from handler.contract.operation import Operation
from queryport.compile.describe.database import Database
from queryport.postgres.server import EmbeddedPostgres
from tests.support.compiling import compile_text
from tests.support.databases import fresh_copy, with_our_tables

_ROWS = 40_000


@pytest.fixture(scope="module")
def orders(
    postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[psycopg.Connection[Any], Operation]]:
    with fresh_copy(postgres) as database:
        with_our_tables("")(database.url)
        with psycopg.connect(database.url, autocommit=True) as connection:
            fill(connection, _ROWS)
            yield connection, compiled(tmp_path_factory.mktemp("orders"), database.url)


def nodes(explained: Any) -> Iterator[Any]:
    yield explained
    for below in explained.get("Plans", ()):
        yield from nodes(below)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: ",".join(page.sort) or "by")
def test_a_page_reads_its_rows_and_few_others(orders: tuple[psycopg.Connection[Any], Operation], page: PageOf) -> None:
    connection, operation = orders
    page = page._replace(after=_within(page))
    explained = plan(connection, *statement(operation, page), ", ANALYZE, TIMING OFF, BUFFERS OFF")["Plan"]
    scans = [node for node in nodes(explained) if "Relation Name" in node]
    assert {node["Node Type"] for node in scans} == {"Index Scan"}
    assert len(scans) == len(page.where)
    read = sum(node["Actual Rows"] + node.get("Rows Removed by Filter", 0) for node in scans)
    assert 51 <= read < _ROWS / 50


@pytest.mark.parametrize("page", PAGES, ids=lambda page: ",".join(page.sort) or "by")
def test_it_has_the_rows_of_the_page_written_by_hand(
    orders: tuple[psycopg.Connection[Any], Operation], page: PageOf
) -> None:
    connection, operation = orders
    page = page._replace(after=_within(page))
    ours, peer = (_rows(connection, *written(page)) for written in (lambda p: statement(operation, p), by_hand))
    assert ours == peer
    assert len(ours) == 51


def _within(page: PageOf) -> tuple[str | None, ...] | None:
    """The place behind which the page begins, for a table of fewer rows."""
    return None if page.after is None else (*page.after[:-1], str(_ROWS // 2))


def _rows(connection: psycopg.Connection[Any], sql: str, values: Any) -> list[Any]:
    result = connection.pgconn.exec_params(sql.encode(), [value.encode() for value in values])
    return [
        (json.loads(result.get_value(row, 0) or b""), json.loads(result.get_value(row, 1) or b""))
        for row in range(result.ntuples)
    ]


_TICKETS = """
CREATE TYPE state AS ENUM ('open', 'held', 'done');
CREATE DOMAIN kept AS state CHECK (value <> 'held');
CREATE TABLE ticket (ticket_id integer PRIMARY KEY, state kept NOT NULL);
INSERT INTO ticket SELECT n, (ARRAY['open', 'done']::state[])[1 + n % 2] FROM generate_series(1, 20000) n;
CREATE INDEX ON ticket (state, ticket_id);
"""


@pytest.fixture(scope="module")
def tickets(postgres: EmbeddedPostgres) -> Iterator[tuple[psycopg.Connection[Any], Operation]]:
    text = "-- sort: [state]\n-- page: {by: [ticket_id]}\nSELECT ticket_id, state FROM ticket"
    with fresh_copy(postgres) as database:
        with_our_tables(_TICKETS)(database.url)
        with psycopg.connect(database.url, autocommit=True) as connection, Database(database.url) as compiler:
            connection.execute("VACUUM ANALYZE ticket")
            operation = compile_text(compiler, text).operation
            assert operation is not None
            yield connection, operation


@pytest.mark.slow
@pytest.mark.parametrize("after", [None, ("done", "9000")])
@pytest.mark.parametrize("sign", ["", "-"])
def test_an_index_serves_the_order_of_a_domain_over_an_enum(
    tickets: tuple[psycopg.Connection[Any], Operation], sign: str, after: tuple[str, str] | None
) -> None:
    connection, operation = tickets
    page = PageOf((f"{sign}state",), {}, after, (), "")
    explained = plan(connection, *statement(operation, page), ", ANALYZE, TIMING OFF, BUFFERS OFF")["Plan"]
    (scan,) = [node for node in nodes(explained) if "Relation Name" in node]
    assert (scan["Index Name"], scan["Actual Rows"]) == ("ticket_state_ticket_id_idx", 51)
    assert scan.get("Rows Removed by Filter", 0) == 0
