"""statemachine/nightly_bargains.asl.json, executed."""

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from tests.deployment.stack import Stack
from tests.statemachine.conftest import Shop, machine
from tests.support.repository import ROOT

PRICES = "SELECT book_id, price FROM book_prices WHERE during @> CURRENT_DATE ORDER BY book_id"
OLD_BOOKS = {"at": f"{datetime.now(UTC):%F}T03:00:00Z", "published": "[,2021-01-01)", "price": 4.99}


def _definition(books_per_page: int) -> dict[str, object]:
    definition = machine("nightly_bargains")
    definition["States"]["FetchPage"]["Parameters"]["Payload"]["parameters"]["limit"] = books_per_page
    return definition


@pytest.mark.slow
def test_every_old_book_of_every_page_gets_the_price(shop: Shop) -> None:
    execution = shop.execute(_definition(1), OLD_BOOKS)
    assert (execution.status, execution.error) == ("SUCCEEDED", None)
    assert shop.door.operations() == ["catalogue.list_books", "catalogue.set_price"] * 2
    assert shop.fetch(PRICES) == [(1, Decimal("4.99")), (2, Decimal("4.99")), (3, Decimal(10))]


@pytest.mark.slow
def test_the_schedule_of_the_template_starts_it_well(shop: Shop) -> None:
    given = Stack(ROOT / "template.yaml").properties("NightlyBargainsNightly")["Target"]["Input"]
    now = f"{datetime.now(UTC):%FT%TZ}"
    execution = shop.execute(_definition(200), json.loads(given.replace("<aws.scheduler.scheduled-time>", now)))
    assert (execution.status, execution.error) == ("SUCCEEDED", None)
    assert shop.fetch(PRICES) == [(1, Decimal("4.99")), (2, Decimal("4.99")), (3, Decimal(10))]


@pytest.mark.slow
def test_a_second_night_changes_nothing(shop: Shop) -> None:
    shop.execute(_definition(200), OLD_BOOKS)
    before = shop.fetch("SELECT book_id, during, price FROM book_prices ORDER BY book_id, during")
    shop.execute(_definition(200), OLD_BOOKS)
    assert shop.fetch("SELECT book_id, during, price FROM book_prices ORDER BY book_id, during") == before


@pytest.mark.slow
def test_a_night_without_books_ends_well(shop: Shop) -> None:
    assert shop.execute(_definition(200), {**OLD_BOOKS, "published": "[,1900-01-01)"}).status == "SUCCEEDED"


@pytest.mark.slow
def test_a_refused_book_does_not_hold_up_the_others(shop: Shop) -> None:
    # As when a book changes between the listing and its turn.
    shop.change("ALTER TABLE book_prices ADD CONSTRAINT no_bargain CHECK (book_id <> 1 OR price > 5)")
    assert shop.execute(_definition(200), OLD_BOOKS).status == "SUCCEEDED"
    assert shop.fetch(PRICES) == [(1, Decimal(10)), (2, Decimal("4.99")), (3, Decimal(10))]
