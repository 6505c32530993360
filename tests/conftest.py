"""Fixtures that every suite shares: one embedded PostgreSQL for the whole run, and databases made from it."""

import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from queryport.postgres.server import EmbeddedPostgres


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    with EmbeddedPostgres(tmp_path_factory.mktemp("postgres")) as server:
        yield server


@pytest.fixture
def new_database(postgres: EmbeddedPostgres) -> Iterator[Callable[[Path | str | None], str]]:
    """Makes a fresh database and answers its URL; a script (a file or SQL text) fills it. Dropped after the test."""
    made: list[str] = []

    def make(script: Path | str | None = None) -> str:
        name = f"test_{secrets.token_hex(6)}"
        with psycopg.connect(postgres.url(), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"'.encode())
        made.append(name)
        url = postgres.url(name)
        if script is not None:
            text = script.read_text() if isinstance(script, Path) else script
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute(text.encode())
        return url

    yield make
    with psycopg.connect(postgres.url(), autocommit=True) as connection:
        for name in made:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())
