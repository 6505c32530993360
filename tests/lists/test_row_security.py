"""Lists under row-level security: the claims are set ahead of every condition, and the total is the caller's own."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from handler.contract.execution import Listing
from queryport.compile import Compilation
from queryport.emulator import Emulator
from queryport.testing.databases import FreshDatabase
from tests.lists.conftest import call
from tests.lists.plain import plain_rows
from tests.lists.test_lists import completed, paged
from tests.support.function import Function
from tests.support.roles import as_role

_ROWS = "SELECT item_id, status, total, placed_at, name FROM item WHERE item_id % 3 = {}"


@pytest.fixture(scope="module")
def secured(suite: FreshDatabase, compilation: Compilation, catalog: Path) -> Iterator[Function]:
    """The function as a role that policies hold for."""
    (operation,) = [each for each in compilation.operations if each.name == "secured"]
    assert isinstance(operation.execution, Listing), "it goes by a transaction"
    with Emulator(as_role(suite.url, "tenant")) as emulator:
        yield Function.over(emulator.url, suite.name, catalog)


@pytest.mark.parametrize("sort", [[], ["total"], ["-total"], ["status", "-total"], ["-status", "total"]])
@pytest.mark.parametrize(
    "filters", [{}, {"total": {"gte": 5}}, {"status": {"is_null": True}}, {"name": {"ilike": "a%", "ne": "a"}}]
)
def test_pages_hold_the_callers_rows_and_no_others(
    secured: Function, connection: psycopg.Connection[Any], sort: list[str], filters: Any
) -> None:
    order = completed(sort, ["item_id"], ["placed_at", "item_id"])
    for tenant in (0, 1, 2):
        expected = [json.loads(row) for row in plain_rows(connection, _ROWS.format(tenant), order, filters)]
        given = {"sort": sort, "filter": filters, "limit": 4}
        assert paged(secured, "secured", given, claims={"tenant": tenant}) == (expected, len(expected))


def test_a_caller_without_claims_sees_and_counts_nothing(secured: Function) -> None:
    given = {"sort": ["total"], "filter": {"total": {"gte": 0}}, "count": "exact"}
    assert call(secured, "secured", given, claims={"sub": "x"}) == {"data": [], "next": None, "total": 0}
