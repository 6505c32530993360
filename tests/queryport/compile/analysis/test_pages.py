"""Generated lists, read page by page through the function: exactly the ordered rows, each once."""

import json
import random
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import psycopg
import pytest

from handler.contract.execution import Listing
from handler.contract.ordering import completed
from queryport.compile.describe.database import Database
from queryport.compile.write.emit import write_catalog
from queryport.compile.write.encoded import EncodedOperation, EncodedOperations
from queryport.emulator import Emulator
from queryport.testing.databases import FreshDatabase
from queryport.testing.function import cold_start, function_environment, invoke
from tests.queryport.compile.analysis.generated import COUNT, SEED, Generator
from tests.support.compiling import compile_text, compile_to_catalog
from tests.support.projects import write

if TYPE_CHECKING:
    from handler.application import Application


class List(NamedTuple):
    """A query with page keys that are proven to be unique."""

    text: str
    by: list[str]
    encoded: EncodedOperation


@pytest.fixture(scope="module")
def lists(database: Database) -> dict[str, List]:
    """Lists by the names of their operations."""
    found: dict[str, List] = {}
    for number in range(COUNT):
        generator = Generator(random.Random(f"{SEED} page {number}"))
        text, columns = generator.listing()
        by = [f"{name}{generator.random.choice(['', ' desc'])}" for name in columns]
        name = f"list_{number}"
        compiled = compile_text(database, page(text, by, 1 + len(name) % 3), name)
        if compiled.encoded is not None and not compiled.problems:
            found[name] = List(text, by, compiled.encoded)
    assert len(found) > COUNT / 6
    return found


def page(text: str, by: list[str], size: int) -> str:
    return f"-- page: {{by: [{', '.join(by)}], size: {size}}}\n{text}"


@pytest.mark.slow
def test_pages_hold_exactly_the_ordered_rows(
    lists: dict[str, List], suite: FreshDatabase, queryport_emulator: Emulator, tmp_path: Path
) -> None:
    catalog = tmp_path / "catalog.json"
    write_catalog(catalog, EncodedOperations([lists[name].encoded for name in sorted(lists)]), "test")
    function = cold_start(function_environment(queryport_emulator.url, suite.name, catalog))
    with psycopg.connect(suite.url) as connection:
        for name, (text, by, _) in lists.items():
            assert _paged(function, name, {}) == _ordered(connection, text, by), (text, by)


@pytest.mark.slow
def test_pages_that_a_caller_sorts_hold_every_row_once(
    lists: dict[str, List], suite: FreshDatabase, queryport_emulator: Emulator, tmp_path: Path
) -> None:
    texts, sorts = {}, {}
    chosen = {name: lists[name] for name in list(lists)[::2]}
    for name, (text, by, _) in chosen.items():
        columns = [key.removesuffix(" desc") for key in by]
        random_ = random.Random(f"{SEED} {name}")
        sorts[name] = [f"{random_.choice(['', '-'])}{column}" for column in random_.sample(columns, len(columns))]
        texts[f"{name}.sql"] = f"-- sort: [{', '.join(columns)}]\n-- count: true\n{page(text, by, 1 + len(name) % 3)}"
    catalog, compilation = compile_to_catalog(write(tmp_path, texts), suite.url)
    function = cold_start(function_environment(queryport_emulator.url, suite.name, catalog))
    ties = {each.name: each.execution.ties for each in compilation.operations if isinstance(each.execution, Listing)}
    with psycopg.connect(suite.url) as connection:
        for name, (text, by, _) in chosen.items():
            # By one key alone, those that tell the rows apart behind it; and by all of them in another order.
            for sort in (sorts[name][:1], sorts[name]):
                order = [
                    f"{key.removeprefix('-')}{' desc' if key[0] == '-' else ''}" for key in completed(sort, ties[name])
                ]
                expected = _ordered(connection, text, order)
                given = {"sort": sort, "count": "exact"}
                assert _paged(function, name, given, total=len(expected)) == expected, (text, by, sort)


def _ordered(connection: psycopg.Connection[Any], text: str, by: list[str]) -> list[Any]:
    ordered = f"SELECT row_to_json(q) FROM ({text}) q ORDER BY {', '.join(by)}"
    return [row for (row,) in connection.execute(ordered.encode())]


def _paged(function: "Application", name: str, given: dict[str, Any], total: int | None = None) -> list[Any]:
    found: list[Any] = []
    cursor = None
    for _ in range(1000):
        answer = json.loads(invoke(function, {"operation": name, "parameters": {**given, "cursor": cursor}}))
        assert answer.get("total") == total
        found += answer["data"]
        cursor = answer["next"]
        if cursor is None:
            return found
    raise AssertionError("the pages have no end")
