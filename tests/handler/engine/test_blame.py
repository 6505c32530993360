"""The value within a JSON parameter that PostgreSQL's message quotes."""

from typing import Any

import pytest

from handler.contract.errors import InvalidParameters, NotFound, Outcome
from handler.data_api.failures import Failure
from handler.engine.blame import located

_FAILURE = Failure(
    InvalidParameters,
    Outcome.ROLLED_BACK,
    detail="a value is none of its type",
    message='invalid input syntax for type integer: "12x"',
)


def _pointers(values: Any, failure: Failure = _FAILURE) -> list[str]:
    return [flaw.pointer for flaw in located(failure, values, {"lines"}).flaws]


@pytest.mark.parametrize(
    ("values", "pointers"),
    [
        ({"lines": [{"book_id": 12}, {"book_id": "12x"}]}, ["/lines/1/book_id"]),
        ([{"lines": {"n": None}}, {"lines": {"n": "12x"}}], ["/1/lines/n"]),
        ({"lines": [{"a": "12x", "b": "12x"}]}, []),
        ({"lines": [], "note": "12x"}, []),
        ({"lines": [12]}, []),
    ],
)
def test_the_one_value_that_is_written_as_the_message_quotes_it_is_named(values: Any, pointers: list[str]) -> None:
    assert _pointers(values) == pointers


def test_a_number_out_of_range_is_quoted_by_its_digits() -> None:
    failure = _FAILURE._replace(message='value "3000000000" is out of range for type integer')
    assert _pointers({"lines": [{"book_id": 3_000_000_000}]}, failure) == ["/lines/0/book_id"]
    assert located(failure, {"lines": [3_000_000_000]}, {"lines"}).detail == "a value is none of its type: /lines/0"


def test_a_message_that_quotes_no_value_names_none() -> None:
    values = {"lines": ["12x"]}
    for failure in (_FAILURE._replace(message="division by zero"), _FAILURE._replace(error=NotFound)):
        assert located(failure, values, {"lines"}) == failure
    assert located(_FAILURE, values, ()) == _FAILURE
