"""Pages of a sorted and filtered list of a million rows, in the database.

    list-page           a page of 50 as the function asks for it; the peer is the same written by hand for this one page

What counts is the time that PostgreSQL says it planned and ran, in which nothing else on the machine has a part. The
worst of several pages is told: a first one, and deep ones in orders that go one way, both ways, and by NULLs.
"""

import json
import statistics
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
from psycopg import pq

from benchmarks.measure import Outcome
from handler.contract.execution import Listing
from handler.contract.operation import Operation
from handler.contract.ordering import completed, order_of, ordering
from handler.contract.sql import in_order
from handler.engine.statement import ReadyStatement
from queryport.aws import placeholders
from queryport.compile import compile_project
from queryport.migrations.runner import apply_scripts
from queryport.postgres.server import EmbeddedPostgres

ROWS = 1_000_000
_TURNS = 201
_TABLE = """
CREATE TABLE orders (
    order_id bigint PRIMARY KEY, status text NOT NULL, total numeric(12, 2), placed_at timestamptz NOT NULL, note text
);
INSERT INTO orders
SELECT n, (ARRAY['new', 'paid', 'sent', 'done'])[1 + n % 4],
  CASE WHEN n % 10 > 0 THEN (n * 7919::bigint % 100000) / 100.0 END,
  '2026-01-01Z'::timestamptz + (n * 104729::bigint % 50000) * interval '10 minutes', 'note ' || n
FROM generate_series(1, {rows}) n;
CREATE INDEX ON orders (total, order_id);
CREATE INDEX ON orders (status, placed_at DESC, order_id DESC);
CREATE INDEX ON orders (placed_at, order_id);
"""
QUERY = """-- sort: [total, placed_at, status]
-- filter: [total, placed_at, status]
-- count: true
-- page: {by: [placed_at desc, order_id desc]}
SELECT order_id, status, total, placed_at, note FROM orders
"""
_SELECTED = "SELECT row_to_json(q)::text, json_build_array({keys})::text FROM ({rows} ORDER BY {order} LIMIT 51) q"
_ROWS_OF = "SELECT order_id, status, total, placed_at, note FROM orders WHERE {where}"


class PageOf(NamedTuple):
    """One page, as a caller asks for it and as SQL written by hand."""

    sort: tuple[str, ...]
    filters: Mapping[tuple[str, str], str]
    after: tuple[str | None, ...] | None
    where: tuple[str, ...]
    """For each range of the order, with $1, $2, … for the values of the filters and then for those of `after`."""
    order: str


PAGES = (
    PageOf(
        ("-total",),
        {("total", "lte"): "900", ("status", "eq"): "paid"},
        None,
        ("total <= $1 AND status = $2",),
        "total DESC, order_id DESC",
    ),
    PageOf(
        ("-total",),
        {("total", "gte"): "10", ("status", "eq"): "paid"},
        ("500.00", "500000"),
        ("total >= $1 AND status = $2 AND (total, order_id) < ($3, $4)",),
        "total DESC, order_id DESC",
    ),
    PageOf(
        (),
        {("total", "gte"): "10"},
        ("2026-06-01 00:00:00+00", "500000"),
        ("total >= $1 AND (placed_at, order_id) < ($2, $3)",),
        "placed_at DESC, order_id DESC",
    ),
    PageOf(
        ("total",),
        {("status", "in"): "{paid,sent}"},
        ("999.00", "500000"),
        ("status = ANY ($1) AND (total, order_id) > ($2, $3)", "status = ANY ($1) AND total IS NULL"),
        "total, order_id",
    ),
    PageOf(
        ("status", "-placed_at"),
        {("total", "gte"): "10"},
        ("paid", "2026-06-01 00:00:00+00", "500000"),
        ("total >= $1 AND status = $2 AND (placed_at, order_id) < ($3, $4)", "total >= $1 AND status > $2"),
        "status, placed_at DESC, order_id DESC",
    ),
)


def outcomes() -> Iterator[Outcome]:
    with (
        EmbeddedPostgres.scratch() as postgres,
        tempfile.TemporaryDirectory() as folder,
        psycopg.connect(postgres.url(), autocommit=True) as connection,
    ):
        apply_scripts(postgres.url(), ())
        fill(connection, ROWS)
        operation = compiled(Path(folder), postgres.url())
        yield max((_measured(connection, operation, page) for page in PAGES), key=lambda outcome: outcome.ratio)


def fill(connection: psycopg.Connection[Any], rows: int) -> None:
    connection.execute(_TABLE.format(rows=rows).encode())
    connection.execute("VACUUM ANALYZE orders")


def compiled(folder: Path, url: str) -> Operation:
    """The list, its file being written into the folder."""
    (folder / "orders.sql").write_text(QUERY)
    compilation = compile_project(folder, url)
    (operation,) = compilation.operations
    return operation


def _measured(connection: psycopg.Connection[Any], operation: Operation, page: PageOf) -> Outcome:
    sides: list[tuple[list[float], tuple[str, Sequence[str]]]] = [([], statement(operation, page)), ([], by_hand(page))]
    (ours, _), (peers, _) = sides
    for turn in range(_TURNS):
        # Which side goes first changes, since the second one finds what both read in the processor's caches.
        for times, written in sides[:: 1 if turn % 2 else -1]:
            times.append(_milliseconds(connection, *written))
    # As with all benchmarks, the median of the turns' ratios: what slows a turn down slows both sides.
    ratio = statistics.median(our / peer for our, peer in zip(ours, peers, strict=True))
    return Outcome(
        "list-page", ratio, 1.1, statistics.median(ours), statistics.median(peers), unit="ms in the database"
    )


def statement(operation: Operation, page: PageOf) -> tuple[str, Sequence[str]]:
    """The statement that the function sends for a page, with its values."""
    listing = operation.execution
    assert isinstance(listing, Listing)
    order = order_of(listing.keys_by_name, completed(page.sort, listing.ties) if page.sort else listing.by)
    bindings: dict[str, str | None] = {"__limit": "51"}
    for known in listing.filters:
        bindings[known.placeholder] = page.filters.get((known.column, known.operator))
    if page.after is not None:
        bindings |= {term.key.placeholder: value for term, value in zip(order, page.after, strict=True)}
    form = ReadyStatement(in_order(listing.sql, ordering(order, page.after))).form(bindings)
    scanned = placeholders.scan(form.sql)
    return scanned.text, [bindings[place.name] or "" for place in scanned.placeholders]


def by_hand(page: PageOf) -> tuple[str, Sequence[str]]:
    """The statement written by hand for a page, with its values."""
    keys = ", ".join(f"{key.removesuffix(' DESC')}::text" for key in page.order.split(", "))
    ranges = [_ROWS_OF.format(where=where) for where in page.where]
    if len(ranges) > 1:
        ranges = [f"({rows} ORDER BY {page.order} LIMIT 51)" for rows in ranges]
    sql = _SELECTED.format(keys=keys, rows=" UNION ALL ".join(ranges), order=page.order)
    values = [*page.filters.values(), *(value or "" for value in page.after or ())]
    return sql, values


def plan(connection: psycopg.Connection[Any], sql: str, values: Sequence[str], options: str = "") -> Any:
    """EXPLAIN's JSON for a statement with the values of one call."""
    text = f"EXPLAIN (FORMAT JSON{options}) {sql}"
    result = connection.pgconn.exec_params(text.encode(), [value.encode() for value in values])
    assert result.status == pq.ExecStatus.TUPLES_OK, result.error_message
    (explained,) = json.loads(result.get_value(0, 0) or b"")
    return explained


def _milliseconds(connection: psycopg.Connection[Any], sql: str, values: Sequence[str]) -> float:
    explained = plan(connection, sql, values, ", ANALYZE, TIMING OFF, BUFFERS OFF")
    return float(explained["Planning Time"] + explained["Execution Time"])
