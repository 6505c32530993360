"""Writes that are taken back: the answer is what would have been, and nothing remains."""

import uuid
from typing import Any

import pytest

from handler.contract import errors
from handler.contract.errors import OperationError, Outcome
from queryport.emulator import Fault
from tests.exactly_once.conftest import Bank

TAKEN_BACK: list[tuple[str, Any, Any]] = [
    ("name_it", {"name": "a"}, {"name": "a", "note": "x"}),
    ("name_with_key", {"name": "a"}, 1),
    ("name_for_a_second", {"name": "a"}, 1),
    ("by_function", {"name": "a"}, 1),
    ("many_names", {"prefix": "n", "count": 2}, [{"name": "n1"}, {"name": "n2"}]),
    ("maybe_rename", {"note": "z", "like": "nobody"}, None),
    ("slow_steps", {"name": "a", "seconds": 0}, 1),
    ("name_many", [{"name": "a"}, {"name": "b"}], 2),
    ("name_many", [], 0),
    ("move_at_once", {"ticket": "t", "source": 1, "target": 2, "amount": 10}, ...),
    ("move_in_steps", {"ticket": "t", "source": 1, "target": 2, "amount": 10}, ...),
]


@pytest.mark.parametrize(("operation", "parameters", "data"), TAKEN_BACK)
def test_the_answer_is_what_would_have_been_and_nothing_remains(
    bank: Bank, operation: str, parameters: Any, data: Any
) -> None:
    answer = bank.caller.rehearse(operation, parameters)
    assert answer["rolled_back"] is True
    if data is not ...:
        assert answer == {"data": data, "rolled_back": True}
    assert "CommitTransaction" not in bank.requests()
    assert bank.names() == []
    assert bank.value("SELECT count(*) FROM movement") == 0
    assert bank.value("SELECT sum(balance) FROM account WHERE balance = 1000") == 5000
    assert bank.value("SELECT count(*) FROM queryport.idempotency_key") == 0


def test_a_page_that_writes_is_taken_back_too(bank: Bank) -> None:
    answer = bank.caller.invoke({"operation": "pages_that_write", "parameters": {"limit": 2}, "rollback": True})
    assert [row["n"] for row in answer["data"]] == [1, 2]
    assert (answer["next"] is None, answer["rolled_back"]) == (False, True)
    assert bank.names() == []


@pytest.mark.parametrize(
    ("operation", "parameters", "error"),
    [
        ("first_one", {"n": 1}, errors.NotFound),
        ("late_refusal", {"name": "a", "amount": 5000}, errors.CheckViolation),
        ("name_later", {"name": "nobody"}, errors.ForeignKeyViolation),  # a constraint that is deferred to the commit
    ],
)
def test_a_write_that_would_fail_fails(
    bank: Bank, operation: str, parameters: dict[str, Any], error: type[OperationError]
) -> None:
    with pytest.raises(error) as caught:
        bank.caller.rehearse(operation, parameters)
    assert caught.value.outcome is Outcome.ROLLED_BACK
    with pytest.raises(error):
        bank.call(operation, parameters)


def test_a_read_has_nothing_to_take_back(bank: Bank) -> None:
    bank.run("INSERT INTO named (name) VALUES ('a')")
    assert bank.caller.rehearse("names_that_are_there", {}) == {"data": [{"name": "a"}]}
    assert bank.requests() == ["ExecuteStatement"]


def test_no_key_can_come_with_it(bank: Bank) -> None:
    event = {"operation": "name_it", "parameters": {"name": "a"}, "idempotency_key": "k", "rollback": True}
    with pytest.raises(errors.InvalidParameters, match="leaves nothing, send it without one"):
        bank.caller.invoke(event)
    assert bank.requests() == []


@pytest.mark.parametrize("operation", ["BeginTransaction", "ExecuteStatement", "RollbackTransaction"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_connection_that_breaks_leaves_nothing_either(bank: Bank, operation: str, when: str) -> None:
    bank.emulator.faults.arm(Fault.model_validate({"kind": "drop", "operation": operation, "when": when}))
    assert bank.caller.rehearse("name_it", {"name": "a"}) == {"data": {"name": "a", "note": "x"}, "rolled_back": True}
    assert bank.names() == []


def test_an_answer_that_is_too_large_was_taken_back(bank: Bank) -> None:
    with pytest.raises(errors.ResultTooLarge) as caught:
        bank.caller.rehearse("many_names", {"prefix": "n" * 300, "count": 1000})
    assert caught.value.outcome is Outcome.ROLLED_BACK
    assert bank.names() == []


def test_over_http_it_is_a_preference(bank: Bank) -> None:
    body = {"ticket": str(uuid.uuid4()), "source": 1, "target": 2, "amount": 10}
    answer = bank.caller.http("POST", "/movements", body=body, headers={"prefer": "tx=rollback"})
    assert (answer.status, answer.headers["preference-applied"]) == (200, "tx=rollback")
    assert answer.json["data"]["ticket"] == body["ticket"]
    assert bank.value("SELECT count(*) FROM movement") == 0
    committed = bank.caller.http("POST", "/movements", body=body)
    assert "preference-applied" not in committed.headers
    assert bank.value("SELECT count(*) FROM movement") == 1
