"""Cursors: where a page ends, the next one begins; and what is no cursor of the list is refused."""

import json
from base64 import urlsafe_b64encode
from typing import Any

import pytest

from handler.contract.errors import Flaw
from handler.engine.cursors import cursor_after, values_of


def _cursor(decoded: Any) -> str:
    return urlsafe_b64encode(json.dumps(decoded).encode()).decode()


@pytest.mark.parametrize("names", [None, ["-total", "order_id"]])
@pytest.mark.parametrize(
    ("beside", "values"),
    [
        ('["2026-01-31 12:00:00+00", "7"]', ["2026-01-31 12:00:00+00", "7"]),
        ('["\\"x\\"\\n", "12345678901234567890.10"]', ['"x"\n', "12345678901234567890.10"]),
        ('[null, "é🦉"]', [None, "é🦉"]),
        ('["1", "2", "1000"]', ["1", "2"]),
    ],
)
def test_a_cursor_goes_on_where_the_row_ended(beside: str, values: list[str | None], names: list[str] | None) -> None:
    assert values_of(cursor_after(beside, names, 2), names, 2) == values


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "!",
        "YQ",
        "a" * 5,
        _cursor({}),
        _cursor([]),
        _cursor([1]),
        _cursor(["1", 2]),
        _cursor(["1", ["2"]]),
        _cursor(["1", True]),
        _cursor(["1", "2", "3"]),
        _cursor(["\0", "1"]),
        "é",
        "W10=",
    ],
)
def test_what_is_no_cursor_is_refused(cursor: str) -> None:
    assert values_of(cursor, None, 2) == Flaw("/cursor", "must be the `next` of an earlier page of this operation")


@pytest.mark.parametrize(
    ("made", "used"),
    [(None, ["-total"]), (["-total"], None), (["-total"], ["total"]), (["total", "a"], ["a", "total"]), ([], None)],
)
def test_a_cursor_is_refused_in_another_order(made: list[str] | None, used: list[str] | None) -> None:
    flaw = values_of(cursor_after('["1"]', made, 1), used, 1)
    assert isinstance(flaw, Flaw)
    assert (flaw.pointer, "another order" in flaw.detail) == ("/cursor", True)
