"""Changes that happen only to a row in the state that their caller means."""

import threading
from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from handler.contract import errors
from handler.contract.errors import OperationError, Outcome
from tests.exactly_once.conftest import Bank
from tests.support.function import Response

CHANGES = ("retitle", "retitle_in_steps", "retitle_silently", "retitle_maybe")
KEYS = (None, "k")


@pytest.fixture
def written(bank: Bank) -> Bank:
    """The bank with two documents, the second in its fifth state."""
    bank.run("INSERT INTO document (id, title, version) VALUES (1, 'one', 1), (2, 'two', 5)")
    return bank


def call(bank: Bank, operation: str, parameters: dict[str, Any], tag: Any, key: str | None = None) -> Any:
    event = {"operation": operation, "parameters": parameters, "if_match": tag}
    return bank.caller.invoke(event if key is None else event | {"idempotency_key": key})


def documents(bank: Bank) -> Any:
    return bank.value("SELECT json_agg(json_build_array(id, title, version) ORDER BY id) FROM document")


def refused(make: Callable[[], Any]) -> OperationError:
    with pytest.raises(OperationError) as caught:
        make()
    return caught.value


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("operation", CHANGES)
def test_a_row_that_has_moved_is_not_changed(written: Bank, operation: str, key: str | None) -> None:
    for tag in ("4", 6, "", "5 ", "x\0", "\ud800", "W/5", '"5"'):
        error = refused(lambda tag=tag: call(written, operation, {"id": 2, "title": "new"}, tag, key))  # type: ignore[misc]  # bound early
        assert (type(error), error.outcome) == (errors.PreconditionFailed, Outcome.ROLLED_BACK)
        assert not error.retryable
    assert documents(written) == [[1, "one", 1], [2, "two", 5]]
    assert written.value("SELECT count(*) FROM queryport.idempotency_key") == 0
    call(written, operation, {"id": 2, "title": "new"}, 5, key)
    call(written, operation, {"id": 1, "title": "newer"}, "*", key and "l")
    assert documents(written) == [[1, "newer", 2], [2, "new", 6]]


@pytest.mark.parametrize("operation", CHANGES)
def test_a_row_that_is_not_there_has_no_state(written: Bank, operation: str) -> None:
    def make() -> Any:
        return call(written, operation, {"id": 3, "title": "new"}, "1")

    if operation in ("retitle_silently", "retitle_maybe"):
        assert make() == {"data": None}
    else:
        assert type(refused(make)) is errors.NotFound


def test_a_row_is_changed_in_a_state_that_is_required(written: Bank) -> None:
    error = refused(lambda: written.call("retitle", {"id": 2, "title": "new"}))
    assert (type(error), error.outcome) == (errors.PreconditionRequired, Outcome.NOT_EXECUTED)
    assert written.call("retitle_in_steps", {"id": 2, "title": "new"})["data"]["version"] == 6
    assert written.call("retitle_uncounted", {"ids": [1, 2], "title": "newer"}) == {"data": 2}
    assert written.call("retitle_maybe", {"id": 2, "title": "new", "stars": 3})["data"]["v"] == 8


def test_of_several_rows_all_are_in_a_state_that_is_meant(written: Bank) -> None:
    error = refused(lambda: call(written, "retitle_uncounted", {"ids": [1, 2], "title": "new"}, 5))
    assert type(error) is errors.PreconditionFailed
    assert call(written, "retitle_uncounted", {"ids": [2, 3], "title": "new"}, 5) == {"data": 1}
    assert call(written, "retitle_uncounted", {"ids": [3], "title": "new"}, 5) == {"data": 0}
    assert documents(written) == [[1, "one", 1], [2, "new", 6]]


def test_a_key_has_the_first_answer_though_the_row_has_moved_since(written: Bank) -> None:
    first = call(written, "retitle", {"id": 2, "title": "new"}, 5, "k")
    assert call(written, "retitle", {"id": 2, "title": "new"}, 5, "k") == first | {"replayed": True}
    again = call(written, "retitle_in_steps", {"id": 2, "title": "newer"}, 6, "l")
    assert call(written, "retitle_in_steps", {"id": 2, "title": "newer"}, 6, "l") == again | {"replayed": True}
    assert documents(written)[1] == [2, "newer", 7]


def test_a_change_without_states_takes_no_tag(written: Bank) -> None:
    calls: list[tuple[str, Any]] = [
        ("any_state", {"id": 2, "title": "new"}),
        ("write_document", {"id": 3, "title": "new"}),
        ("name_many", []),
        ("pages_that_write", {}),
        ("move_in_steps", {"ticket": "t", "source": 1, "target": 2, "amount": 1}),
    ]
    for operation, parameters in calls:
        event = {"operation": operation, "parameters": parameters, "if_match": "5"}
        error = refused(lambda event=event: written.caller.invoke(event))  # type: ignore[misc]  # bound early
        assert "takes no entity tag" in error.detail
    assert call(written, "versioned", {"id": 2}, "4")["data"]["version"] == 5  # a read is a read


def test_a_rehearsal_meets_the_condition(written: Bank) -> None:
    event = {"operation": "retitle", "parameters": {"id": 2, "title": "new"}, "rollback": True}
    assert written.caller.invoke(event | {"if_match": 5})["data"]["version"] == 6
    assert type(refused(lambda: written.caller.invoke(event | {"if_match": 4}))) is errors.PreconditionFailed
    assert documents(written)[1] == [2, "two", 5]


@pytest.mark.parametrize("operation", CHANGES)
def test_of_two_writers_one_wins(written: Bank, operation: str) -> None:
    """The second waits for the first one's lock, and meets the row as the first one left it."""
    outcomes: list[Any] = []

    def change() -> None:
        try:
            outcomes.append(call(written, operation, {"id": 2, "title": "second"}, 5))
        except OperationError as error:
            outcomes.append(type(error))

    with psycopg.connect(written.url) as first:
        first.execute("UPDATE document SET title = 'first' WHERE id = 2")
        second = threading.Thread(target=change)
        second.start()
        written.wait_for_a_lock()
        first.commit()
        second.join()
    assert outcomes == [errors.PreconditionFailed]
    assert documents(written)[1] == [2, "first", 6]


def test_a_row_that_goes_meanwhile_is_not_there(written: Bank) -> None:
    outcomes: list[Any] = []
    with psycopg.connect(written.url) as first:
        first.execute("DELETE FROM document WHERE id = 2")
        second = threading.Thread(
            target=lambda: outcomes.append(refused(lambda: call(written, "retitle", {"id": 2, "title": "x"}, 5)))
        )
        second.start()
        written.wait_for_a_lock()
        first.commit()
        second.join()
    assert type(outcomes[0]) is errors.NotFound


def test_over_http_the_tag_goes_with_the_row(written: Bank) -> None:
    def http(method: str, **headers: str) -> Response:
        body = None if method in ("GET", "DELETE") else {"title": "new"}
        return written.caller.http(method, "/documents/2", body=body, headers=headers)

    assert http("GET").headers["etag"] == '"5"'
    known = {"if-none-match": '"5"'}
    assert http("GET", **known).status == 304
    unconditional = http("PATCH")
    assert (unconditional.status, unconditional.json["code"]) == (428, "PreconditionRequired")
    place = {"pointer": "", "detail": unconditional.json["detail"], "in": "header", "name": "If-Match"}
    assert unconditional.json["errors"] == [place]
    assert "send the header If-Match, the entity tag" in unconditional.json["detail"]
    for tags in ('"4"', '"4", "6"', 'W/"5"', 'W/"5" , "%35%20"', '""'):
        answer = http("PATCH", **{"if-match": tags})
        assert (answer.status, answer.json["code"]) == (412, "PreconditionFailed"), tags
    for tags in ("5", '"5', '"5" "6"x', 'w/"5"', "", '"4" x "5"', '"4" "5"', '"4""5"', '"4", "6" W/"5"'):
        answer = http("PATCH", **{"if-match": tags})
        assert (answer.status, answer.json["code"]) == (400, "InvalidParameters"), tags
    changed = http("PATCH", **{"if-match": ' "4" ,W/"6","%35" , '})
    assert (changed.status, changed.headers["etag"]) == (200, '"6"')
    assert http("GET", **known).status == 200
    assert http("PATCH", **{"if-match": "*"}).headers["etag"] == '"7"'
    tried = http("PATCH", **{"if-match": '"7"', "prefer": "tx=rollback"})
    assert "etag" not in tried.headers  # no row is in that state
    assert http("DELETE", **{"if-match": '"6"'}).status == 412
    gone = http("DELETE", **{"if-match": '"7"'})
    assert (gone.status, gone.headers.get("etag")) == (200, None)
    assert http("DELETE", **{"if-match": '"7"'}).status == 404
    made = written.caller.http("POST", "/documents", body={"id": 3, "title": "x"})
    assert (made.status, made.headers["location"], made.headers["etag"]) == (201, "/documents/3", '"1"')


def test_an_answer_without_the_columns_value_has_the_tag_of_its_bytes(written: Bank) -> None:
    def tag(path: str) -> str:
        return written.caller.http("GET", path).headers["etag"]

    assert tag("/perhaps/2") == tag("/documents/2/version") == '"5"'
    made_of_bytes = {tag("/perhaps/1"), tag("/perhaps/3")}  # NULL, and no row
    assert len(made_of_bytes) == 2
    assert all(len(each) == 26 for each in made_of_bytes)
