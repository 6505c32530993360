"""Partial updates by every way of running them: keys, transactions, batches, HTTP."""

from typing import Any

import pytest

from handler.contract import errors
from tests.exactly_once.conftest import Bank

MERGE_PATCH = {"content-type": "application/merge-patch+json"}


@pytest.fixture
def named(bank: Bank) -> Bank:
    """The bank with two rows that can be patched."""
    bank.run("INSERT INTO named (name, note, rank) VALUES ('a', 'old', 1), ('b', 'old', 2)")
    return bank


def rows(bank: Bank) -> Any:
    return bank.value("SELECT json_agg(json_build_array(name, note, rank) ORDER BY name) FROM named")


@pytest.mark.parametrize("headers", [MERGE_PATCH, {"content-type": "application/json; charset=utf-8"}])
def test_a_flat_body_changes_what_it_names(named: Bank, headers: dict[str, str]) -> None:
    def patch(text: str) -> Any:
        answer = named.caller.http("PATCH", "/named/a", text=text, headers=headers)
        return answer.status, answer.json.get("data") or answer.json["errors"]

    assert patch('{"note": null}') == (200, {"name": "a", "note": None, "rank": 1})
    assert patch('{"rank": 5}') == (200, {"name": "a", "note": None, "rank": 5})
    assert patch('{"rank": 6, "note": "new"}') == (200, {"name": "a", "note": "new", "rank": 6})
    flaw = {"pointer": "/rank", "detail": "must be a whole number", "in": "body"}
    assert patch('{"rank": null}') == (400, [flaw])
    none = {"pointer": "", "detail": "must have at least one of note, rank", "in": "body"}
    assert patch("{}") == patch("") == (400, [none])
    assert rows(named) == [["a", "new", 6], ["b", "old", 2]]


def test_a_row_that_is_not_there_is_not_found(named: Bank) -> None:
    with pytest.raises(errors.NotFound):
        named.call("patch", {"name": "c", "note": "x"})


def test_a_key_tells_absent_from_null(named: Bank) -> None:
    assert named.call("patch", {"name": "a", "rank": 3}, "k")["data"] == {"name": "a", "note": "old", "rank": 3}
    assert named.call("patch", {"name": "a", "rank": 3}, "k")["replayed"]
    with pytest.raises(errors.IdempotencyConflict):
        named.call("patch", {"name": "a", "rank": 3, "note": None}, "k")
    assert named.call("patch", {"name": "a", "rank": 3, "note": None}, "k2")["data"]["note"] is None
    with pytest.raises(errors.IdempotencyConflict):
        named.call("patch", {"name": "a", "rank": 3}, "k2")


def test_an_insert_takes_the_default_and_an_upsert_leaves_alone(named: Bank) -> None:
    named.call("name_or_patch", {"name": "c", "note": "new"})
    named.call("name_or_patch", {"name": "a", "note": "new"}, "k")
    named.call("name_or_patch", {"name": "b", "rank": 9})
    assert rows(named) == [["a", "new", 1], ["b", "old", 9], ["c", "new", 7]]


def test_a_transaction_takes_patches(named: Bank) -> None:
    named.call("patch_in_steps", {"name": "a", "rank": 4})
    named.call("patch_in_steps", {"name": "b", "note": None, "other": "given"}, "k")
    assert rows(named) == [["a", "old", 4], ["a2", None, 7], ["b", None, 2], ["b2", "given", 7]]
    with pytest.raises(errors.InvalidParameters, match="must have at least one of note, rank"):
        named.call("patch_in_steps", {"name": "a", "other": "x"})


def test_elements_of_a_batch_may_patch_different_columns(named: Bank) -> None:
    elements = [
        {"name": "a", "note": "1"},
        {"name": "b", "note": "2"},
        {"name": "a", "rank": 8},
        {"name": "a", "note": None},
        {"name": "b", "rank": 9, "note": "3"},
    ]
    assert named.call("patch_many", elements) == {"data": 5}
    assert rows(named) == [["a", None, 8], ["b", "3", 9]]
    assert named.requests().count("BatchExecuteStatement") == 4
    assert named.call("patch_many", elements, "k") == {"data": 5}
    with pytest.raises(errors.IdempotencyConflict):
        named.call("patch_many", [*elements[:-1], {"name": "b", "rank": 9}], "k")
    with pytest.raises(errors.InvalidParameters, match="/1 must have at least one of note, rank"):
        named.call("patch_many", [elements[0], {"name": "b"}])


def test_a_patch_can_be_tried(named: Bank) -> None:
    answer = named.caller.rehearse("patch", {"name": "a", "rank": 8})
    assert answer == {"data": {"name": "a", "note": "old", "rank": 8}, "rolled_back": True}
    assert rows(named) == [["a", "old", 1], ["b", "old", 2]]
