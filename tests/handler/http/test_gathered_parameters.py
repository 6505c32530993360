"""The parameters of a request, each from one place only."""

from typing import Any

import pytest

from handler.contract.errors import InvalidParameters
from handler.http.parameters import from_everywhere
from handler.http.request import HttpRequest

_TYPES: dict[str, Any] = {
    "filter": ("scalar", {"type": "string"}),
    "filter[total][gte]": ("scalar", {"type": "integer"}),
    "filter[total][lt]": ("scalar", {"type": "integer"}),
}


def _gathered(query: dict[str, list[str]]) -> dict[str, Any]:
    return from_everywhere(HttpRequest("GET", ["items"], query, {}, "", is_base64=False), {}, _TYPES)


def test_conditions_of_one_column_come_together() -> None:
    query = {"filter[total][gte]": ["5"], "filter[total][lt]": ["9"]}
    assert _gathered(query) == {"filter": {"total": {"gte": 5, "lt": 9}}}


@pytest.mark.parametrize(
    ("first", "second", "place"),
    [
        ("filter", "filter[total][gte]", "/filter/total/gte"),
        ("filter[total][gte]", "filter", "/filter"),
    ],
)
def test_what_is_a_value_already_holds_no_conditions(first: str, second: str, place: str) -> None:
    with pytest.raises(InvalidParameters) as caught:
        _gathered({first: ["5"], second: ["6"]})
    assert [(flaw.pointer, flaw.detail) for flaw in caught.value.flaws] == [(place, "is in the query already")]
