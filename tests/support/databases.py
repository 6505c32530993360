"""Databases with something in them."""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import psycopg

from queryport.migrations.runner import apply_scripts
from queryport.postgres.server import EmbeddedPostgres
from queryport.testing.databases import create_database


class NewDatabase(Protocol):
    """Makes a database, fills it by a script (a file or its text), and answers its URL."""

    def __call__(self, script: Path | str | None = None) -> str: ...


def run_script(url: str, script: Path | str) -> None:
    text = script.read_text() if isinstance(script, Path) else script
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(text.encode())


def suite_database(server: EmbeddedPostgres, name: str, fill: Callable[[str], object]) -> str:
    """A database that a suite keeps for the whole run, filled once; answers its URL."""
    url = create_database(server.url(), name).url
    fill(url)
    return url


def with_our_tables(script: Path | str) -> Callable[[str], None]:
    """Fills a database with the tables that are Queryport's own, then by a script."""

    def fill(url: str) -> None:
        apply_scripts(url, ())
        run_script(url, script)

    return fill
