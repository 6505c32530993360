"""The value within a JSON parameter that PostgreSQL's message quotes."""

from typing import Any

import pytest

from handler.contract.errors import InvalidParameters, NotFound, Outcome
from handler.data_api.failures import Failure
from handler.engine.blame import located, names_a_value

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


_INVERTED = _FAILURE._replace(
    sqlstate="22000", message="range lower bound must be less than or equal to range upper bound"
)


@pytest.mark.parametrize(
    ("text", "inverted"),
    [
        ("[5,1)", True),
        ("(9,10]", False),
        ("[10, 9.5]", True),
        (" [2026-02-01,2026-01-01) ", True),
        ('["2026-01-01 10:00","2026-01-01 09:00")', True),
        ("[2026-01-01T10:00Z,2026-01-01T09:00Z]", True),
        ("[2026-01-01T10:00+02,2026-01-01T09:30+01]", False),  # of two zones nothing is claimed
        ("[2026-01-01 00:00,2026-01-01)", False),
        ("[b,a]", False),
        ("5,1", False),
        ("[5,)", False),
    ],
)
def test_the_one_range_that_ends_before_it_begins_is_named(text: str, *, inverted: bool) -> None:
    assert _pointers({"during": text, "n": 5}, _INVERTED) == (["/during"] if inverted else [])
    assert _pointers({"during": text, "other": text}, _INVERTED) == []


def test_a_message_that_quotes_no_value_names_none() -> None:
    values = {"lines": ["12x"]}
    for failure in (_FAILURE._replace(message="division by zero"), _FAILURE._replace(error=NotFound)):
        assert located(failure, values, {"lines"}) == failure
    assert located(_FAILURE, values, ()) == _FAILURE


@pytest.mark.parametrize(
    ("sqlstate", "message", "value", "named"),
    [
        ("42P01", 'relation "books" does not exist', "public. Books", True),
        ("42P01", 'relation "books" does not exist', "books_of_others", False),
        ("42704", 'type "mood" does not exist', [{"of": 'my."mood"'}], True),
        ("42883", "function does not exist: twice(integer)", "TWICE (integer)", True),
        ("42725", 'more than one function named "twice"', "once", False),
        ("42704", f'type "{"x" * 63}" does not exist', "x" * 80, True),
        ("42704", 'type "7" does not exist', 7, False),
        ("42P01", "relation does not exist", "relation", False),
        ("22P02", 'relation "books" does not exist', "books", False),
    ],
)
def test_a_name_that_is_not_there_is_a_values_where_one_has_it(
    sqlstate: str, message: str, value: Any, *, named: bool
) -> None:
    assert names_a_value(_FAILURE._replace(sqlstate=sqlstate, message=message), {"value": value}) is named
