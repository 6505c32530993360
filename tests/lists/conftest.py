"""Lists over one table full of NULLs and ties, read through the function."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import psycopg
import pytest

from queryport.compile import Compilation
from queryport.compile.describe.database import Database
from queryport.emulator import Emulator
from queryport.postgres.server import EmbeddedPostgres
from queryport.testing.databases import FreshDatabase
from tests.support.compiling import catalog_of, compiled_once
from tests.support.databases import suite_database, with_our_tables
from tests.support.function import Function

SCHEMA = Path(__file__).with_name("schema.sql")

SORTS = ("status", "total", "placed_at", "day", "grade", "score", "mood", "name", "code", "uid", "flag", "lasting")
FILTERS = (*SORTS, "tags", "details", "during", "raw", "home", "spot", "area", "labels")
COLUMNS = ", ".join(("item_id", *FILTERS))
SIZE, MOST = 7, 100

FILES = {
    "paged": f"""
        -- http: GET /items
        -- sort: [{", ".join(SORTS)}]
        -- filter: [item_id, {", ".join(FILTERS)}]
        -- count: true
        -- page: {{by: [day desc, item_id], size: {SIZE}, max: {MOST}}}
        SELECT {COLUMNS} FROM item
    """,
    "whole": f"""
        -- http: GET /whole
        -- sort: [{", ".join(SORTS)}, tags, details]
        -- filter: [{", ".join(FILTERS)}]
        SELECT {COLUMNS} FROM item ORDER BY item_id
    """,
    "joined": """
        -- http: GET /joined/{least}
        -- params: {mood: {optional: true}}
        -- sort: [status, lines, 'Odd "name']
        -- filter: [status, lines, 'Odd "name', kind]
        -- count: true
        -- page: {by: [status, kind, item_id], size: 5}
        WITH kinds AS (SELECT kind_id, title AS kind FROM kind)
        SELECT i.item_id, k.kind, i.status, count(l.line_id) AS lines, max(l.note) AS "Odd ""name"
        FROM item i LEFT JOIN line l USING (item_id) CROSS JOIN kinds k
        WHERE i.grade >= :least AND (:mood IS NULL OR i.mood = :mood)
        GROUP BY i.item_id, k.kind_id, k.kind
    """,
    "secured": f"""
        -- rls: true
        -- allow: [anyone]
        -- http: GET /secured
        -- sort: [total, status]
        -- filter: [total, status, name]
        -- count: true
        -- page: {{by: [placed_at, item_id], size: {SIZE}, max: {MOST}}}
        SELECT item_id, status, total, placed_at, name FROM guarded
    """,
    "texts": """
        -- http: GET /texts
        -- big_numbers: string
        -- sort: [total]
        -- filter: [total]
        -- count: true
        -- page: {by: [item_id]}
        SELECT item_id, total, item_id::bigint AS big FROM item
    """,
    "posted": """
        -- http: POST /items/search
        -- sort: [total]
        -- filter: [total]
        SELECT item_id, total FROM item
    """,
}


def _files() -> dict[str, str]:
    """The files as they would stand in a project."""
    return {
        f"{name}.sql": "\n".join(line.strip() for line in text.strip().splitlines()) for name, text in FILES.items()
    }


@pytest.fixture(scope="session")
def suite(postgres: EmbeddedPostgres) -> FreshDatabase:
    return suite_database(postgres, "lists_suite", with_our_tables(SCHEMA))


@pytest.fixture(scope="session")
def connection(suite: FreshDatabase) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(suite.url, autocommit=True) as made:
        yield made


@pytest.fixture(scope="session")
def database(suite: FreshDatabase) -> Iterator[Database]:
    with Database(suite.url) as made:
        yield made


@pytest.fixture(scope="session")
def compilation(postgres: EmbeddedPostgres, suite: FreshDatabase) -> Compilation:
    return compiled_once(postgres, "lists", _files(), suite.url)


@pytest.fixture(scope="session")
def catalog(compilation: Compilation, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return catalog_of(compilation, tmp_path_factory.mktemp("lists"))


@pytest.fixture(scope="session")
def function(suite: FreshDatabase, queryport_emulator: Emulator, catalog: Path) -> Function:
    return Function.over(queryport_emulator.url, suite.name, catalog)


Answer = dict[str, Any]


def call(function: Function, operation: str, parameters: Mapping[str, Any], **members: Any) -> Answer:
    answer: Answer = function.invoke({"operation": operation, "parameters": parameters, **members})
    return answer
