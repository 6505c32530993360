"""Cursors: where a page ends, the next one begins; and what is no cursor is refused."""

import json
from base64 import urlsafe_b64encode
from decimal import Decimal
from typing import Any

import pytest

from handler.contract.errors import InvalidParameters
from handler.contract.operation import Page
from handler.engine import pages

PAGE = Page((), by=("placed_at", "order_id"), size=2, max=5)


def _cursor(keys: Any) -> str:
    return urlsafe_b64encode(json.dumps(keys).encode()).decode()


def test_the_first_page_has_no_keys_and_asks_for_one_row_more() -> None:
    assert pages.page_bindings(PAGE, {}) == {"cursor": None, "__limit": "3", "__key_1": None, "__key_2": None}


@pytest.mark.parametrize("limit", [5, Decimal("5.0")])
def test_the_caller_may_ask_for_more_rows(limit: Any) -> None:
    assert pages.page_bindings(PAGE, {"limit": limit})["__limit"] == "6"


@pytest.mark.parametrize("limit", [0, -1, 6, Decimal("1e9")])
def test_but_not_for_more_than_the_page_allows(limit: Any) -> None:
    with pytest.raises(InvalidParameters) as refusal:
        pages.page_bindings(PAGE, {"limit": limit})
    assert [(flaw.pointer, flaw.detail) for flaw in refusal.value.flaws] == [("/limit", "must be between 1 and 5")]


@pytest.mark.parametrize(
    ("beside", "keys"),
    [
        ('["2026-01-31 12:00:00+00", "7"]', ["2026-01-31 12:00:00+00", "7"]),
        ('["\\"x\\"\\n", "12345678901234567890.10"]', ['"x"\n', "12345678901234567890.10"]),
        ('[null, "é🦉"]', [None, "é🦉"]),
    ],
)
def test_a_cursor_goes_on_where_the_row_ended(beside: str, keys: list[str | None]) -> None:
    bindings = pages.page_bindings(PAGE, {"cursor": pages.cursor_after(beside)})
    assert [bindings["__key_1"], bindings["__key_2"]] == keys
    assert bindings["cursor"] is not None


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
        _cursor(["\0", "1"]),
        "é",
        "W10=",
    ],
)
def test_what_is_no_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(InvalidParameters) as refusal:
        pages.page_bindings(PAGE, {"cursor": cursor})
    (flaw,) = refusal.value.flaws
    assert (flaw.pointer, flaw.detail) == ("/cursor", "must be the `next` of an earlier page of this operation")
