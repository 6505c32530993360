"""Batches: an array of objects, each checked, all of them or none."""

import json

import pytest

from handler.contract import errors
from handler.contract.errors import Outcome
from handler.engine import batches
from tests.exactly_once.conftest import Bank


def test_a_batch_counts_its_elements(bank: Bank) -> None:
    moves = [{"ticket": f"t{n}", "source": 1 + n % 4, "target": 5, "amount": n} for n in range(1, 51)]
    response = bank.caller.http("POST", "/movements/many", body=moves)
    assert response.json == {"data": 50}
    assert bank.value("SELECT count(*) FROM movement") == 50
    assert bank.value("SELECT sum(balance) FROM account") == 5000
    assert bank.requests() == [
        "BeginTransaction", "ExecuteStatement", "BatchExecuteStatement", "CommitTransaction"
    ]  # fmt: skip


def test_errors_name_the_element(bank: Bank) -> None:
    elements = [{"name": "a"}, {"name": 5}, {"name": "b", "more": 1}, {"name": "much too long"}, 7]
    response = bank.caller.http("POST", "/operations/name_many", body=elements)
    problem = response.json
    assert (response.status, problem["code"]) == (400, "InvalidParameters")
    assert [error["pointer"] for error in problem["errors"]] == ["/1/name", "/2/more", "/3/name", "/4"]
    assert bank.names() == []
    with pytest.raises(errors.InvalidParameters):
        bank.call("name_many", {"name": "a"})
    with pytest.raises(errors.InvalidParameters):
        bank.call("name_it", [{"name": "a"}])


def test_one_bad_element_leaves_nothing_of_the_others(bank: Bank) -> None:
    with pytest.raises(errors.UniqueViolation) as caught:
        bank.call("name_many", [{"name": "a"}, {"name": "b"}, {"name": "a"}])
    assert caught.value.outcome is Outcome.ROLLED_BACK
    assert bank.names() == []


def test_defaults_and_keys(bank: Bank) -> None:
    elements = [{"name": "a"}, {"name": "b", "note": "mine"}]
    assert bank.call("name_many", elements, "k") == {"data": 2}
    assert bank.call("name_many", elements, "k") == {"data": 2, "replayed": True}
    spelled_out = [{"name": "a", "note": "none"}, {"name": "b", "note": "mine"}]
    assert bank.call("name_many", spelled_out, "k")["replayed"]
    assert bank.value("SELECT string_agg(note, ' ' ORDER BY name) FROM named") == "none mine"
    assert bank.call("name_many", []) == {"data": 0}


def test_a_large_batch_goes_in_several_requests_of_one_transaction(bank: Bank) -> None:
    assert bank.call("name_many", [{"name": f"n{n}"} for n in range(2500)]) == {"data": 2500}
    assert bank.requests().count("BatchExecuteStatement") == 3
    assert bank.requests().count("BeginTransaction") == 1


def test_no_request_is_larger_than_the_service_takes() -> None:
    elements: list[dict[str, str | None]] = [{"a": "ü" * 1000, "b": None}] * 1500
    chunks = list(batches.requests("INSERT …", ["a", "b"], elements))
    assert sum(map(len, chunks)) == 1500
    assert len(chunks) == 3
    assert all(len(json.dumps(chunk)) < batches.LARGEST_REQUEST for chunk in chunks)


def test_a_batch_of_nothing_changes_nothing(bank: Bank) -> None:
    assert bank.call("name_many", []) == {"data": 0}
    assert bank.requests() == []
    assert bank.call("name_many", [], "k") == {"data": 0}
    assert bank.call("name_many", [], "k") == {"data": 0, "replayed": True}
    with pytest.raises(errors.IdempotencyConflict):
        bank.call("name_many", [{"name": "a"}], "k")
    assert bank.names() == []


def test_values_that_cannot_be_written_are_told_with_their_element(bank: Bank) -> None:
    with pytest.raises(errors.InvalidParameters) as caught:
        bank.call("name_many", [{"name": "a"}, {"name": "b\0"}])
    assert [flaw.pointer for flaw in caught.value.flaws] == ["/1/name"]
    assert bank.names() == []
