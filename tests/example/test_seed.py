"""What the seed promises: enough rows, the same ones every time, and figures that agree with each other."""

import psycopg
import pytest

from tests.support.databases import NewDatabase
from tests.support.shop import seed

pytestmark = pytest.mark.slow

CHECKSUMS = {
    "authors": (2_500, 259962046192991118556),
    "subjects": (51, -3363835870876137704),
    "books": (6_000, 595568044393985990296),
    "book_authors": (7_481, 834826946446315627006),
    "book_prices": (9_899, 66258248299450028243),
    "customers": (12_000, -166168999425297516667),
    "reviews": (20_637, 295311506748651092997),
    "orders": (26_624, -593874628072513546079),
    "order_lines": (74_269, 141570102669041550380),
    "stock": (6_000, 291227044603329564682),
    "reservations": (1_925, 96899925579398161978),
    "payments": (26_748, 750113308323462470007),
    "accounts": (12_003, -426333043486757321591),
    "transfers": (7_899, -696848658913415889143),
}
"""Each table's rows, and the sum of their hashes: another one only where a migration or the seed was changed."""

TABLES = tuple(CHECKSUMS)

FLAWS = {
    "orders that are not the sum of their lines": """
        SELECT order_id
        FROM orders JOIN order_lines USING (order_id)
        GROUP BY order_id
        HAVING sum(line_total) <> subtotal
    """,
    "orders without lines": """
        SELECT order_id FROM orders WHERE order_id NOT IN (SELECT order_id FROM order_lines)
    """,
    "orders that went backwards in time": """
        SELECT order_id
        FROM orders
        WHERE NOT (placed_at < paid_at AND paid_at < shipped_at AND shipped_at < delivered_at)
    """,
    "orders older than their customer": """
        SELECT order_id FROM orders JOIN customers USING (customer_id) WHERE placed_at < joined_at
    """,
    "lines with another price than that day's": """
        SELECT order_id
        FROM orders JOIN order_lines USING (order_id) JOIN book_prices USING (book_id)
        WHERE during @> (placed_at AT TIME ZONE 'UTC')::date AND unit_price <> price
    """,
    "sent orders without a payment": """
        SELECT order_id FROM orders WHERE shipped_at IS NOT NULL
        EXCEPT
        SELECT order_id
        FROM orders JOIN payments USING (order_id)
        WHERE payments.status IN ('captured', 'refunded') AND amount = total
    """,
    "stock that its reservations disagree with": """
        SELECT book_id FROM stock WHERE reserved <> (
            SELECT coalesce(sum(quantity), 0) FROM reservations WHERE book_id = stock.book_id AND state = 'held'
        )
    """,
    "open orders without their copies": """
        SELECT order_id, book_id, quantity
        FROM orders JOIN order_lines USING (order_id)
        WHERE status IN ('reserved', 'paid')
        EXCEPT
        SELECT order_id, book_id, quantity FROM reservations WHERE state = 'held'
    """,
    "money made of nothing": """
        SELECT FROM accounts HAVING sum(balance) <> 0
    """,
    "store credit spent before it came": """
        SELECT account_id FROM (
            SELECT account_id, sum(CASE WHEN to_account = account_id THEN amount ELSE -amount END)
                OVER (PARTITION BY account_id ORDER BY transferred_at, transfer_id) AS balance
            FROM accounts JOIN transfers ON account_id IN (from_account, to_account)
            WHERE kind = 'customer'
        ) AS running
        WHERE balance < 0
    """,
    "books without an author": """
        SELECT book_id FROM books EXCEPT SELECT book_id FROM book_authors WHERE role = 'author'
    """,
    "left-overs of the seed's tools": """
        SELECT FROM pg_namespace WHERE nspname = 'seed'
    """,
}


def test_seeds_at_least_two_hundred_thousand_rows(pristine: str) -> None:
    with psycopg.connect(pristine) as connection:
        assert sum(count for count, _ in _checksums(connection).values()) >= 200_000


def test_seeds_the_same_rows_every_time(pristine: str) -> None:
    with psycopg.connect(pristine) as connection:
        assert _checksums(connection) == CHECKSUMS


@pytest.mark.long
def test_seeds_the_same_rows_twice(pristine: str, new_database: NewDatabase) -> None:
    again = new_database()
    seed(again)
    with psycopg.connect(pristine) as one, psycopg.connect(again) as other:
        assert _checksums(one) == _checksums(other)


def test_names_every_table(pristine: str) -> None:
    query = "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
    with psycopg.connect(pristine) as connection:
        assert {name for (name,) in connection.execute(query)} == set(TABLES)


@pytest.mark.parametrize("flaw", FLAWS)
def test_has_no(flaw: str, pristine: str) -> None:
    with psycopg.connect(pristine) as connection:
        assert connection.execute(FLAWS[flaw].encode()).fetchall() == []


def test_new_rows_get_numbers_that_are_free(pristine: str) -> None:
    identities = """
        SELECT attrelid::regclass::text, attname, pg_get_serial_sequence(attrelid::regclass::text, attname)
        FROM pg_attribute
        WHERE attidentity <> ''
    """
    with psycopg.connect(pristine) as connection:
        for table, column, sequence in connection.execute(identities).fetchall():
            query = f"SELECT max({column}) < nextval('{sequence}') FROM {table}"  # noqa: S608 (the catalog's names)
            assert connection.execute(query.encode()).fetchone() == (True,), table


def _checksums(connection: psycopg.Connection) -> dict[str, tuple[int, int]]:
    """For each table its number of rows and a sum over all of their values."""
    sums = {}
    for table in TABLES:
        query = f"SELECT count(*), sum(hashtextextended(t::text, 0)::numeric) FROM {table} AS t"  # noqa: S608 (our own names)
        row = connection.execute(query.encode()).fetchone()
        assert row is not None
        sums[table] = (int(row[0]), int(row[1]))
    return sums
