"""The rules that the schema keeps by itself, whatever an operation asks for."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from psycopg import errors

from queryport.postgres.server import EmbeddedPostgres
from tests.support.databases import fresh_copy
from tests.support.shop import seeded_shop


@pytest.fixture
def shop(pristine: str) -> Iterator[psycopg.Connection]:
    """The shop, for changes that are rolled back."""
    connection = psycopg.connect(pristine)
    try:
        yield connection
    finally:
        connection.rollback()
        connection.close()


@pytest.fixture(scope="module")
def own(postgres: EmbeddedPostgres) -> Iterator[str]:
    """A copy that the module may change."""
    with fresh_copy(postgres, seeded_shop(postgres)) as copy:
        yield copy.url


@pytest.mark.parametrize("isbn", ["9780306406158", "9770306406157", "978030640615", "978-0306406157", ""])
def test_an_isbn_must_be_sound(shop: psycopg.Connection, isbn: str) -> None:
    shop.execute("SELECT '9780306406157'::isbn13")
    with pytest.raises(errors.CheckViolation):
        shop.execute("SELECT %s::isbn13", [isbn])


@pytest.mark.parametrize(
    "address",
    [
        "(,Main Street,Cork,,IE)",
        "(Aoife,,Cork,,IE)",
        "(Aoife,Main Street,Cork,,)",
        "(,,,,)",
        "(Aoife,Main Street,Cork,,ie)",
    ],
)
def test_an_address_must_be_whole(shop: psycopg.Connection, address: str) -> None:
    shop.execute("SELECT '(Aoife,Main Street,Cork,,IE)'::postal_address")
    with pytest.raises(errors.CheckViolation):
        shop.execute("SELECT %s::postal_address", [address])


def test_prices_of_a_book_never_overlap(shop: psycopg.Connection) -> None:
    with pytest.raises(errors.ExclusionViolation):
        shop.execute("INSERT INTO book_prices VALUES (4, '[2024-01-01,2024-02-01)', 9.99)")


@pytest.mark.parametrize(
    ("was", "becomes"),
    [("placed", "paid"), ("shipped", "cancelled"), ("cancelled", "placed"), ("returned", "delivered")],
)
def test_an_order_takes_only_the_steps_there_are(shop: psycopg.Connection, was: str, becomes: str) -> None:
    with pytest.raises(errors.RaiseException, match=f"an order that is {was} cannot become {becomes}"):
        shop.execute("UPDATE orders SET status = %s WHERE status = %s", [becomes, was])


def test_a_step_is_noted_with_its_time(shop: psycopg.Connection) -> None:
    times = shop.execute(
        "UPDATE orders SET status = 'shipped' WHERE status = 'paid' RETURNING shipped_at = now()"
    ).fetchall()
    assert set(times) == {(True,)}


def test_no_copy_is_promised_twice(shop: psycopg.Connection) -> None:
    promise = "INSERT INTO reservations (order_id, book_id, quantity, held_until) VALUES (%s, 1677, %s, now())"
    (available,) = shop.execute("SELECT available FROM stock WHERE book_id = 1677").fetchone() or (0,)
    assert available > 0
    shop.execute(promise, [1, available])
    with pytest.raises(errors.CheckViolation, match="stock_is_not_oversold"):
        shop.execute(promise, [2, 1])


def test_stock_follows_what_becomes_of_a_reservation(shop: psycopg.Connection) -> None:
    def stock() -> tuple[int, ...]:
        return shop.execute("SELECT on_hand, reserved, available FROM stock WHERE book_id = 3839").fetchone() or ()

    on_hand, reserved, available = stock()
    promise = "INSERT INTO reservations (order_id, book_id, quantity, held_until) VALUES (%s, 3839, %s, now())"
    shop.execute(promise, [1, 2])
    shop.execute(promise, [2, 3])
    assert stock() == (on_hand, reserved + 5, available - 5)
    shop.execute("UPDATE reservations SET state = 'consumed' WHERE order_id = 1 AND book_id = 3839")
    assert stock() == (on_hand - 2, reserved + 3, available - 5)
    shop.execute("UPDATE reservations SET state = 'released' WHERE order_id = 2 AND book_id = 3839")
    assert stock() == (on_hand - 2, reserved, available - 2)


def test_store_credit_does_not_go_below_zero(shop: psycopg.Connection) -> None:
    with pytest.raises(errors.CheckViolation, match="accounts_are_not_overdrawn"):
        shop.execute(
            "INSERT INTO transfers (from_account, to_account, amount, reason) VALUES (4, 1, 99999, 'too much')"
        )


@pytest.mark.parametrize("change", ["UPDATE transfers SET amount = 1", "DELETE FROM transfers"])
def test_a_transfer_is_final(shop: psycopg.Connection, change: str) -> None:
    with pytest.raises(errors.RaiseException, match="never changed or deleted"):
        shop.execute(change.encode())


def test_many_orders_for_the_same_books_never_deadlock(own: str) -> None:
    books = [1677, 3839, 5758, 3596]
    with psycopg.connect(own, autocommit=True) as connection:
        connection.execute("UPDATE stock SET on_hand = on_hand + 1000 WHERE book_id = ANY (%s)", [books])
        before = connection.execute("SELECT sum(reserved) FROM stock").fetchone()

    def reserve(worker: int) -> None:
        with psycopg.connect(own, autocommit=True) as connection:
            for order in range(worker * 50 + 1, worker * 50 + 51):
                wanted = books[order % 4 :] + books[: order % 4]
                connection.execute(
                    "INSERT INTO reservations (order_id, book_id, quantity, held_until)"
                    " SELECT %s, book_id, 1, now() FROM unnest(%s::integer[]) AS book_id",
                    [order, wanted],
                )

    with ThreadPoolExecutor(6) as workers:
        list(workers.map(reserve, range(6)))

    with psycopg.connect(own) as connection:
        after = connection.execute("SELECT sum(reserved) FROM stock").fetchone()
    assert before is not None
    assert after == (before[0] + 6 * 50 * len(books),)


def test_many_transfers_between_the_same_accounts_never_deadlock(own: str) -> None:
    def transfer(worker: int) -> None:
        one, other = (4, 1) if worker % 2 else (1, 4)
        with psycopg.connect(own, autocommit=True) as connection:
            for _ in range(50):
                connection.execute(
                    "INSERT INTO transfers (from_account, to_account, amount, reason)"
                    " VALUES (2, 4, 1, 'float'), (%s, %s, 1, 'back and forth')",
                    [one, other],
                )

    with ThreadPoolExecutor(6) as workers:
        list(workers.map(transfer, range(6)))

    with psycopg.connect(own) as connection:
        assert connection.execute("SELECT sum(balance) FROM accounts").fetchone() == (0,)
