"""statemachine/settle_order.asl.json, executed."""

from typing import Any

import pytest

from queryport.emulator import Fault
from tests.statemachine.conftest import Shop, machine

CREDIT = {"method": "store_credit"}


def _settle(shop: Shop, order_id: int, payment: dict[str, Any] = CREDIT) -> Any:
    return shop.execute(machine("settle_order"), {"order_id": order_id, "payment": payment})


@pytest.mark.slow
def test_an_order_is_reserved_charged_and_recorded(shop: Shop) -> None:
    execution = _settle(shop, 1)
    assert execution.status == "SUCCEEDED"
    assert execution.output["paid"]["amount"] == 10
    assert shop.door.operations() == ["orders.reserve_stock", "orders.pay_with_credit"]
    assert shop.fetch("SELECT status FROM orders WHERE order_id = 1") == [("paid",)]
    assert shop.fetch("SELECT balance FROM accounts WHERE kind = 'customer'") == [(5,)]
    assert shop.fetch("SELECT reserved FROM stock ORDER BY book_id") == [(1,), (0,), (0,)]


@pytest.mark.slow
def test_a_charged_card_is_recorded(shop: Shop) -> None:
    execution = _settle(shop, 2, {"method": "card", "provider_reference": "ch_1"})
    assert execution.status == "SUCCEEDED"
    assert shop.fetch("SELECT method, amount, provider_reference FROM payments") == [("card", 30, "ch_1")]


@pytest.mark.slow
def test_a_customer_without_the_money_gets_nothing_reserved(shop: Shop) -> None:
    execution = _settle(shop, 2)
    assert (execution.status, execution.error) == ("FAILED", "CheckViolation")
    assert execution.cause["errorMessage"] == "A customer's credit does not go below nothing"
    assert shop.door.operations() == [
        "orders.reserve_stock",
        "orders.pay_with_credit",
        "orders.release_stock",
        "orders.order_status",
    ]
    assert shop.fetch("SELECT status FROM orders WHERE order_id = 2") == [("placed",)]
    assert shop.fetch("SELECT DISTINCT state FROM reservations") == [("released",)]
    assert shop.fetch("SELECT reserved FROM stock ORDER BY book_id") == [(0,), (0,), (0,)]
    assert shop.fetch("SELECT balance FROM accounts WHERE kind = 'customer'") == [(15,)]


@pytest.mark.slow
def test_too_few_copies_end_it_before_any_money_moves(shop: Shop) -> None:
    execution = _settle(shop, 3)
    assert (execution.status, execution.error) == ("FAILED", "CheckViolation")
    assert "orders.pay_with_credit" not in shop.door.operations()


@pytest.mark.slow
def test_an_order_that_is_reserved_already_is_charged(shop: Shop) -> None:
    shop.change("UPDATE orders SET status = 'reserved' WHERE order_id = 1")
    shop.change("INSERT INTO reservations (order_id, book_id, quantity, held_until) VALUES (1, 1, 1, now() + '1h')")
    execution = _settle(shop, 1)
    assert execution.status == "SUCCEEDED"
    assert execution.output["error"]["Error"] == "UniqueViolation"
    assert shop.fetch("SELECT reserved FROM stock WHERE book_id = 1") == [(1,)]


@pytest.mark.slow
def test_an_unknown_order_has_an_error_of_its_own(shop: Shop) -> None:
    assert _settle(shop, 99).error == "UnknownOrder"


@pytest.mark.slow
def test_settling_twice_charges_once(shop: Shop) -> None:
    assert _settle(shop, 1).status == "SUCCEEDED"
    assert _settle(shop, 1).status == "SUCCEEDED"
    assert shop.fetch("SELECT count(*) FROM payments") == [(1,)]
    assert shop.fetch("SELECT balance FROM accounts WHERE kind = 'customer'") == [(5,)]


@pytest.mark.slow
def test_a_sleeping_database_is_waited_for(shop: Shop) -> None:
    # Longer than the function's own time, so that it is Step Functions that calls again.
    shop.emulator.faults.arm(Fault(kind="resume", seconds=5))
    execution = _settle(shop, 1)
    assert execution.status == "SUCCEEDED"
    assert shop.door.operations().count("orders.reserve_stock") > 1
    assert shop.fetch("SELECT count(*) FROM payments") == [(1,)]


@pytest.mark.slow
def test_a_payment_whose_answer_was_lost_is_not_made_again(shop: Shop) -> None:
    """The database paid, the function never heard of it: what counts is the order's state."""
    definition = machine("settle_order")
    definition["StartAt"] = "ChargeCredit"
    shop.change("UPDATE orders SET status = 'reserved' WHERE order_id = 1")
    shop.emulator.faults.arm(Fault(kind="drop", when="after"))
    execution = shop.execute(definition, {"order_id": 1, "payment": CREDIT})
    assert execution.status == "SUCCEEDED"
    assert "error" not in execution.output
    assert shop.fetch("SELECT count(*) FROM payments") == [(1,)]
    assert shop.fetch("SELECT status FROM orders WHERE order_id = 1") == [("paid",)]


@pytest.mark.slow
def test_what_is_delivered_twice_is_done_once(shop: Shop) -> None:
    shop.door.deliveries = 2
    execution = _settle(shop, 1)
    assert (execution.status, "error" in execution.output) == ("SUCCEEDED", False)
    assert shop.door.operations() == ["orders.reserve_stock", "orders.pay_with_credit"]
    assert shop.fetch("SELECT count(*) FROM reservations") == [(1,)]
    assert shop.fetch("SELECT count(*) FROM payments") == [(1,)]
    assert shop.fetch("SELECT balance FROM accounts WHERE kind = 'customer'") == [(5,)]
    keys = shop.fetch("SELECT key FROM queryport.idempotency_key ORDER BY created_at")
    assert [str(key).rpartition(":")[2] for (key,) in keys] == ["ReserveStock", "ChargeCredit"]


@pytest.mark.slow
def test_a_function_that_dies_behind_its_commit_is_called_again(shop: Shop) -> None:
    """Lambda lost the answer: Step Functions sends the task again, with the same key, and nothing is done twice."""
    shop.door.lost_answers = 1
    execution = _settle(shop, 1)
    assert execution.status == "SUCCEEDED"
    assert shop.door.operations() == ["orders.reserve_stock", "orders.reserve_stock", "orders.pay_with_credit"]
    assert shop.fetch("SELECT count(*) FROM reservations") == [(1,)]
