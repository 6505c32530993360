"""Writes of one row: they are refused for the number of their rows by a mark that no other error has."""

from typing import Any

import pytest

from handler.contract import errors
from handler.contract.errors import OperationError, Outcome
from handler.engine import row_count
from tests.exactly_once.conftest import Bank

RESULTS = ("one", "maybe", "value")
KEYS = (None, "k")


def refused(bank: Bank, operation: str, parameters: dict[str, Any], key: str | None) -> OperationError:
    with pytest.raises(OperationError) as caught:
        bank.call(operation, parameters, key)
    assert caught.value.outcome is Outcome.ROLLED_BACK
    return caught.value


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("result", RESULTS)
def test_another_number_of_rows_is_told_and_nothing_remains(bank: Bank, result: str, key: str | None) -> None:
    for name in ("a", "b"):
        bank.call("store_one", {"names": [name]})
    assert type(refused(bank, f"first_{result}", {"n": 2}, key)) is errors.TooManyRows
    if result == "maybe":
        assert bank.call("first_maybe", {"n": 0}, key)["data"] is None
    else:
        assert type(refused(bank, f"first_{result}", {"n": 0}, key)) is errors.NotFound
    assert bank.value("SELECT count(*) FROM named WHERE note = 'z'") == 0
    assert bank.value("SELECT count(*) FROM queryport.idempotency_key") == (result == "maybe" and key is not None)


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("result", RESULTS)
def test_the_authors_own_errors_are_told_as_they_are(bank: Bank, result: str, key: str | None) -> None:
    bank.call("store_one", {"names": ["a"]})
    twice = refused(bank, f"store_{result}", {"names": ["b", "b"]}, key)
    assert (type(twice), twice.sqlstate) == (errors.InvalidParameters, "21000")  # the value stands there twice
    negative = refused(bank, f"first_{result}", {"n": -1}, key)
    assert (type(negative), negative.sqlstate) == (errors.InvalidParameters, "2201W")
    for sqlstate, error in (("21000", errors.QueryFailed), ("2201W", errors.InvalidParameters)):
        own = refused(bank, f"refuse_{result}", {"sqlstate": sqlstate}, key)
        assert (type(own), own.sqlstate) == (error, sqlstate)


@pytest.mark.parametrize("result", RESULTS)
def test_a_caller_cannot_give_the_mark(bank: Bank, result: str) -> None:
    bank.call("store_one", {"names": ["a"]})
    for number in (row_count.new_mark() + "0", row_count.new_mark() + "2", "row-count-", "$1", ":__mark"):
        error = refused(bank, f"number_{result}", {"number": number}, None)
        assert (type(error), error.sqlstate) == (errors.InvalidParameters, "22P02")
        assert number not in error.detail
