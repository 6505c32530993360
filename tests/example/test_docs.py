"""docs/example.md knows every operation, table and migration, and its figures are the seed's."""

from pathlib import Path

import psycopg

from queryport.compile import Compilation
from tests.example.test_seed import TABLES
from tests.support.repository import ROOT

TEXT = (ROOT / "docs" / "example.md").read_text()


def test_every_operation_has_its_place(compilation: Compilation) -> None:
    assert [operation.name for operation in compilation.operations if f"`{operation.name}`" not in TEXT] == []


def test_every_table_and_migration_is_named() -> None:
    migrations = [path.name for path in Path(ROOT / "migrations").glob("*.sql")]
    assert [name for name in (*TABLES, *migrations) if f"`{name}`" not in TEXT] == []


def test_the_figures_are_true(pristine: str) -> None:
    with psycopg.connect(pristine) as connection:
        for table, noun in (
            ("books", "books"),
            ("customers", "customers"),
            ("orders", "orders"),
            ("order_lines", "lines"),
        ):
            row = connection.execute(f"SELECT count(*) FROM {table}".encode()).fetchone()  # noqa: S608 (our own names)
            assert row is not None
            assert f"{row[0]:,} {noun}" in TEXT
