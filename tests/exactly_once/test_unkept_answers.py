"""With `answer: none` a key is kept without the answer: a repeated call changes nothing and hears no more than that."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from handler.contract import errors
from handler.contract.execution import UNKEPT
from queryport.emulator import Fault
from tests.exactly_once.conftest import Bank

REPLAYED = {"data": None, "replayed": True}
OF_ALL_FORMS = [
    ("name_unkept", {"name": "a"}, {"note": "x"}),
    ("count_unkept", {"name": "nobody"}, 0),
    ("value_unkept", {"name": "abc"}, 3),
    ("made_unkept", {"name": "a"}, {"name": "a"}),
    ("steps_unkept", {"name": "a"}, [{"name": "a2"}]),
    ("batch_unkept", [{"name": "a"}, {"name": "b"}], 2),
    ("batch_unkept", [], 0),
    ("silent_unkept", {"name": "a"}, None),
]


@pytest.mark.parametrize(("operation", "parameters", "data"), OF_ALL_FORMS)
def test_the_first_call_is_answered_and_the_next_ones_are_told_that_it_was(
    bank: Bank, operation: str, parameters: Any, data: Any
) -> None:
    assert bank.call(operation, parameters, "k") == {"data": data}
    names = bank.names()
    assert bank.call(operation, parameters, "k") == bank.call(operation, parameters, "k") == REPLAYED
    assert bank.names() == names
    assert bank.value("SELECT array_agg(response::text) FROM queryport.idempotency_key") == [f"{{{UNKEPT}}}"]


@pytest.mark.parametrize(("operation", "parameters"), [("name_unkept", {"name": "a"}), ("steps_unkept", {"name": "a"})])
def test_other_parameters_are_a_conflict_all_the_same(bank: Bank, operation: str, parameters: Any) -> None:
    bank.call(operation, parameters, "k")
    with pytest.raises(errors.IdempotencyConflict):
        bank.call(operation, {"name": "b"}, "k")


def test_without_a_key_every_call_is_a_change_of_its_own(bank: Bank) -> None:
    assert bank.call("name_unkept", {"name": "a"}) == {"data": {"note": "x"}}
    with pytest.raises(errors.UniqueViolation):
        bank.call("name_unkept", {"name": "a"})


def test_over_http_a_repeated_call_has_no_content(bank: Bank) -> None:
    headers = {"idempotency-key": "k"}
    made = bank.caller.http("POST", "/unkept", body={"name": "a"}, headers=headers)
    assert (made.status, made.headers["location"], made.json) == (201, "/unkept/a", {"data": {"name": "a"}})
    again = bank.caller.http("POST", "/unkept", body={"name": "a"}, headers={**headers, "accept": "text/csv"})
    assert (again.status, again.text, again.headers["idempotency-replayed"]) == (204, "", "true")
    assert not {"location", "etag", "content-type"} & again.headers.keys()


@pytest.mark.parametrize("operation", ["name_unkept", "steps_unkept"])
def test_of_twins_at_once_one_is_answered(bank: Bank, operation: str) -> None:
    twins = [bank.new_caller(20.0) for _ in range(4)]
    with ThreadPoolExecutor(len(twins)) as pool:
        answers = list(pool.map(lambda caller: caller.call(operation, {"name": "a"}, "k"), twins))
    assert sum(answer == REPLAYED for answer in answers) == len(twins) - 1


def test_a_call_whose_own_answer_got_lost_is_told_that_it_was_made(bank: Bank) -> None:
    bank.emulator.faults.arm(Fault(kind="drop", when="after"))
    assert bank.call("name_unkept", {"name": "a"}, "k") == REPLAYED
    assert bank.names() == ["a"]


def test_what_was_stored_decides_where_the_file_says_otherwise_since(bank: Bank) -> None:
    bank.call("name_unkept", {"name": "a"}, "k")
    bank.call("name_it", {"name": "b"}, "l")
    bank.run(
        "UPDATE queryport.idempotency_key SET operation = CASE operation WHEN 'name_it' THEN 'name_unkept' "
        "ELSE 'name_it' END"
    )
    assert bank.call("name_it", {"name": "a"}, "k") == REPLAYED
    assert bank.call("name_unkept", {"name": "b"}, "l") == {"data": {"name": "b", "note": "x"}, "replayed": True}
