"""Generated lists, read page by page through the function: exactly the ordered rows, each once."""

import json
import random
from pathlib import Path
from typing import Any

import psycopg
import pytest

from queryport.compile.compiled_file import compile_file
from queryport.compile.describe.database import Database
from queryport.diagnostics.source import Source
from queryport.emulator import Emulator
from queryport.testing.databases import FreshDatabase
from queryport.testing.function import cold_start, function_environment, invoke
from tests.queryport.compile.analysis.generated import COUNT, SEED, Generator
from tests.support.compiling import compile_to_catalog
from tests.support.projects import write


@pytest.fixture(scope="module")
def lists(database: Database) -> dict[str, tuple[str, list[str]]]:
    """Queries by the names of their operations, each with page keys that are proven to be unique."""
    found: dict[str, tuple[str, list[str]]] = {}
    for number in range(COUNT):
        generator = Generator(random.Random(f"{SEED} page {number}"))
        text, columns = generator.listing()
        by = [f"{name}{generator.random.choice(['', ' desc'])}" for name in columns]
        file = Source(Path("query.sql"), page(text, by, 2))
        compiled = compile_file(database, file, "query")
        if compiled.operation is not None and not compiled.problems:
            found[f"list_{number}"] = (text, by)
    assert len(found) > COUNT / 6
    return found


def page(text: str, by: list[str], size: int) -> str:
    return f"-- page: {{by: [{', '.join(by)}], size: {size}}}\n{text}"


def test_pages_hold_exactly_the_ordered_rows(
    lists: dict[str, tuple[str, list[str]]], suite: FreshDatabase, queryport_emulator: Emulator, tmp_path: Path
) -> None:
    texts = {f"{name}.sql": page(text, by, 1 + len(name) % 3) for name, (text, by) in lists.items()}
    catalog, _ = compile_to_catalog(write(tmp_path, texts), suite.url)
    function = cold_start(function_environment(queryport_emulator.url, suite.name, catalog))
    with psycopg.connect(suite.url) as connection:
        for name, (text, by) in lists.items():
            ordered = f"SELECT row_to_json(q) FROM ({text}) q ORDER BY {', '.join(by)}"
            expected = [row for (row,) in connection.execute(ordered.encode())]
            found: list[Any] = []
            cursor = None
            for _ in range(len(expected) + 2):
                answer = json.loads(invoke(function, {"operation": name, "parameters": {"cursor": cursor}}))
                found += answer["data"]
                cursor = answer["next"]
                if cursor is None:
                    break
            assert found == expected, (text, by)
