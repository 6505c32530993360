"""Every sort and filter, paged to its end, gives what plain PostgreSQL gives for the same WHERE and ORDER BY."""

import json
from itertools import permutations, product
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.lists.conftest import COLUMNS, FILES, MOST, SORTS, Answer, call
from tests.lists.plain import plain_rows
from tests.support.function import Function

_ITEMS = f"SELECT {COLUMNS} FROM item"
_BY = ["-day", "item_id"]
_KEEPING = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None, max_examples=25
)


def completed(sort: list[str], ties: list[str], by: list[str]) -> list[str]:
    """The whole order of a sort: what tells the rows apart goes the way of the sort's last key."""
    if not sort:
        return by
    named = {name.removeprefix("-") for name in sort}
    return [*sort, *(("-" if sort[-1].startswith("-") else "") + name for name in ties if name not in named)]


def paged(function: Function, operation: str, parameters: dict[str, Any], **members: Any) -> tuple[list[Any], int]:
    """All the rows, and the total that every page told."""
    rows: list[Any] = []
    totals = set()
    cursor = None
    for _ in range(200):
        answer: Answer = call(function, operation, {**parameters, "cursor": cursor, "count": "exact"}, **members)
        rows += answer["data"]
        totals.add(answer["total"])
        cursor = answer["next"]
        if cursor is None:
            (total,) = totals
            return rows, total
        assert answer["data"]
    raise AssertionError("the pages have no end")


def directions(names: tuple[str, ...]) -> list[list[str]]:
    return [
        [sign + name for sign, name in zip(signs, names, strict=True)]
        for signs in product(("", "-"), repeat=len(names))
    ]


@pytest.mark.parametrize("name", SORTS)
def test_pages_in_every_order_hold_every_row_once(
    function: Function, connection: psycopg.Connection[Any], name: str
) -> None:
    for sort in directions((name,)):
        expected = plain_rows(connection, _ITEMS, completed(sort, ["item_id"], _BY), None)
        rows, total = paged(function, "paged", {"sort": sort, "limit": 4})
        assert rows == [json.loads(row) for row in expected]
        assert total == len(expected)


@pytest.mark.parametrize(
    "limits",
    [pytest.param((9, 11, 13, 17), marks=pytest.mark.slow), pytest.param((1, 2, 3, 4), marks=pytest.mark.long)],
    ids=["slow", "long"],
)
@pytest.mark.parametrize("names", list(permutations(("status", "total", "day", "grade", "score"), 2)))
def test_pages_in_every_order_of_two_keys_hold_every_row_once(
    function: Function, connection: psycopg.Connection[Any], names: tuple[str, str], limits: tuple[int, ...]
) -> None:
    """One of the sizes of pages for each way that the two keys go."""
    for sort, limit in zip(directions(names), limits, strict=True):
        expected = plain_rows(connection, _ITEMS, completed(sort, ["item_id"], _BY), None)
        assert paged(function, "paged", {"sort": sort, "limit": limit})[0] == [json.loads(row) for row in expected]


_VALUES: dict[str, st.SearchStrategy[Any]] = {
    "status": st.sampled_from(["new", "paid", "100%", "", "'; DROP TABLE item; --"]),
    "total": st.sampled_from([0, 2.5, "7.50", -1, 1e9]),
    "placed_at": st.sampled_from(["2026-01-01T01:00:00.003600Z", "2026-01-01T02:00:00+02:00"]),
    "day": st.sampled_from(["2026-01-31", "9999-12-31"]),
    "grade": st.integers(-1, 3),
    "score": st.sampled_from([0.1, "NaN", "-Infinity", 5]),
    "mood": st.sampled_from(["sad", "ok", "happy"]),
    "lasting": st.sampled_from(["sad", "happy"]),
    "name": st.sampled_from(["a", "b", "Ä", "", "a_b"]),
    "code": st.integers(-1, 3),
    "uid": st.sampled_from([f"00000000-0000-4000-8000-00000000000{n}" for n in range(4)]),
    "flag": st.booleans(),
}
_COMPARED = ("eq", "ne", "lt", "lte", "gt", "gte")


def _conditions(column: str) -> st.SearchStrategy[dict[str, Any]]:
    own = _VALUES[column]
    optional = {
        **dict.fromkeys(_COMPARED, own),
        "in": st.lists(own, max_size=3),
        "is_null": st.booleans(),
    }
    if column in ("status", "name"):
        patterns = st.sampled_from(["%", "a%", "_", "%0\\%", "A\\_b", ""])
        optional |= {"like": patterns, "ilike": patterns}
    return st.fixed_dictionaries({}, optional=optional).filter(lambda chosen: len(chosen) < 4)


_FILTERS = st.dictionaries(st.sampled_from(list(_VALUES)), st.none(), min_size=0, max_size=2).flatmap(
    lambda chosen: st.fixed_dictionaries({column: _conditions(column) for column in chosen})
)
_SORTS = st.lists(st.sampled_from(SORTS), unique=True, max_size=3).flatmap(
    lambda names: st.tuples(*(st.sampled_from([name, f"-{name}"]) for name in names)).map(list)
)


@pytest.mark.slow
@_KEEPING
@given(sort=_SORTS, filters=_FILTERS, limit=st.integers(1, MOST))
def test_any_sort_of_what_any_filter_lets_through(
    function: Function, connection: psycopg.Connection[Any], sort: list[str], filters: Any, limit: int
) -> None:
    _compare(function, connection, sort, filters, limit)


@pytest.mark.long
@settings(_KEEPING, max_examples=1_000)
@given(sort=_SORTS, filters=_FILTERS, limit=st.integers(1, MOST))
def test_any_sort_of_what_any_filter_lets_through_at_length(
    function: Function, connection: psycopg.Connection[Any], sort: list[str], filters: Any, limit: int
) -> None:
    _compare(function, connection, sort, filters, limit)


def _compare(
    function: Function, connection: psycopg.Connection[Any], sort: list[str], filters: Any, limit: int
) -> None:
    expected = plain_rows(connection, _ITEMS, completed(sort, ["item_id"], _BY), filters)
    rows, total = paged(function, "paged", {"sort": sort, "filter": filters, "limit": limit})
    assert rows == [json.loads(row) for row in expected]
    assert total == len(expected)


@pytest.mark.slow
@_KEEPING
@given(sort=_SORTS.filter(bool), filters=_FILTERS)
def test_without_pages_they_work_as_well(
    function: Function, connection: psycopg.Connection[Any], sort: list[str], filters: Any
) -> None:
    expected = [json.loads(row) for row in plain_rows(connection, _ITEMS, [*sort, "item_id"], filters)]
    answer = call(function, "whole", {"sort": sort, "filter": filters})
    assert sorted(answer["data"], key=_by_id) == sorted(expected, key=_by_id)
    names = [name.removeprefix("-") for name in sort]
    assert [[row[name] for name in names] for row in answer["data"]] == [
        [row[name] for name in names] for row in expected
    ]
    assert "next" not in answer


def _by_id(row: Any) -> int:
    return int(row["item_id"])


def test_without_a_sort_the_order_is_the_querys_own(function: Function) -> None:
    ids = [row["item_id"] for row in call(function, "whole", {"filter": {"grade": {"gte": 1}}})["data"]]
    assert ids == sorted(ids)
    assert len(ids) > 20


def test_numbers_as_strings_are_counted_on_empty_pages_too(function: Function) -> None:
    given = {"sort": ["-total"], "filter": {"total": {"eq": 2.5}}, "count": "exact"}
    rows = call(function, "texts", given)
    assert {row["total"] for row in rows["data"]} == {"2.50"}
    assert rows["total"] == len(rows["data"])
    nothing = call(function, "texts", {**given, "filter": {"total": {"eq": 3}}})
    assert nothing == {"data": [], "next": None, "total": 0}


@pytest.mark.parametrize(
    ("column", "operator", "value"),
    [
        ("tags", "contains", ["x"]),
        ("tags", "contains", []),
        ("tags", "eq", ["x", "y"]),
        ("tags", "lt", ["x", "y"]),
        ("details", "contains", {"a": 1}),
        ("details", "contains", {"b": [2]}),
        ("details", "eq", []),
        ("details", "eq", None),
        ("details", "ne", None),
        ("details", "in", [[], {"a": 1}]),
        ("details", "in", [None]),
        ("details", "in", [{"a": 1}, None]),
        ("details", "in", []),
        ("during", "contains", "[2,3)"),
        ("during", "eq", "empty"),
        ("labels", "contains", {"a": "1"}),
        ("raw", "is_null", False),
        ("spot", "is_null", True),
        ("home", "is_null", True),
        ("home", "is_null", False),
    ],
)
def test_a_filter_means_what_postgresqls_operator_does(
    function: Function, connection: psycopg.Connection[Any], column: str, operator: str, value: Any
) -> None:
    filters = {column: {operator: value}}
    expected = plain_rows(connection, _ITEMS, ["item_id"], filters)
    rows, total = paged(function, "paged", {"filter": filters, "limit": 9})
    assert sorted(rows, key=_by_id) == [json.loads(row) for row in expected]
    assert total == len(rows)


_JOINED = FILES["joined"].partition("WITH")[2]


@pytest.mark.parametrize("sort", [[], ["lines"], ["-status", "lines"], ['-Odd "name'], ['Odd "name', "-status"]])
@pytest.mark.parametrize("filters", [{}, {"lines": {"gt": 0}}, {'Odd "name': {"is_null": True}, "kind": {"eq": "two"}}])
@pytest.mark.parametrize("mood", [None, "sad"])
def test_joins_groups_and_optional_filters_of_the_query_itself(
    function: Function, connection: psycopg.Connection[Any], sort: list[str], filters: Any, mood: str | None
) -> None:
    condition = "true" if mood is None else f"i.mood = '{mood}'"
    query = f"WITH{_JOINED}".replace("(:mood IS NULL OR i.mood = :mood)", condition).replace(":least", "1")
    order = completed(sort, ["kind", "item_id"], ["status", "kind", "item_id"])
    expected = [json.loads(row) for row in plain_rows(connection, query, order, filters)]
    given = {"least": 1, "mood": mood, "sort": sort, "filter": filters}
    assert paged(function, "joined", given) == (expected, len(expected))
