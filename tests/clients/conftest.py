"""A served project, its OpenAPI document, and the tools that make clients of it (`make test-clients`)."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.projects import Served, write
from tests.support.repository import ROOT

TOOLS = ROOT / ".tools/openapi/bin"
NODE_MODULES = ROOT / ".tools/typescript/node_modules"

PROJECT = {
    "migrations/0001_books.sql": """
        CREATE TYPE state AS ENUM ('new', 'old');
        CREATE TYPE grade AS ENUM ('a', 'A', 'a-b', 'A b', '+', '-', '', 'value 4', '1', 'très');
        CREATE TABLE book (
            book_id int PRIMARY KEY, title text NOT NULL, state state NOT NULL, note text, price numeric(8,2),
            tags text[] NOT NULL DEFAULT '{}', extra jsonb NOT NULL DEFAULT '{}',
            added date NOT NULL DEFAULT '2026-01-31'
        );
    """,
    "seed/01_books.sql": """
        INSERT INTO book (book_id, title, state, price)
        SELECT n, 'Book ' || n, (ARRAY['new', 'old']::state[])[n % 2 + 1], n + 0.5
        FROM generate_series(1, 5) n;
    """,
    "sql_queries/_folder.yaml": "allow: [anyone]\n",
    "sql_queries/books/_folder.yaml": "tag: Books\ndescription: What is on the shelf.\n",
    "sql_queries/books/list.sql": (
        "-- summary: Books by their number\n-- http: GET /books\n-- page: {by: [book_id], size: 2, max: 5}\n"
        "-- sort: [title, state, book_id]\n-- filter: [title, state, price, tags]\n-- count: true\n"
        "-- params: {states: {optional: true}}\n"
        "SELECT book_id, title, state, note, price, tags, extra, added FROM book\n"
        "WHERE (:states IS NULL OR state = ANY (:states::state[]))\n"
    ),
    "sql_queries/books/get.sql": (
        "-- result: one\n-- http: GET /books/{book_id}\n"
        "SELECT book_id, title, state, note, price FROM book WHERE book_id = :book_id\n"
    ),
    "sql_queries/books/add.sql": (
        "-- result: one\n-- http: POST /books\n-- params: {extra: {default: {}}}\n"
        "INSERT INTO book (book_id, title, state, extra) VALUES (:book_id, :title, :state, :extra)\n"
        "RETURNING book_id, title\n"
    ),
    "sql_queries/books/retitle.sql": (
        "-- http: PUT /books/{book_id}/title\n-- params: {title: {minLength: 1, maxLength: 40}}\n"
        "UPDATE book SET title = :title WHERE book_id = :book_id\n"
    ),
    "sql_queries/books/delete.sql": "-- http: DELETE /books/{book_id}\nDELETE FROM book WHERE book_id = :book_id\n",
    "sql_queries/books/count.sql": "-- result: value\nSELECT count(*) AS books FROM book\n",
    "sql_queries/a/b_c.sql": "SELECT 1 AS one\n",
    "sql_queries/a_b/c.sql": "SELECT 2 AS two\n",
    "sql_queries/books/grades.sql": "SELECT unnest(enum_range(NULL::grade)) AS grade\n",
    "sql_queries/books/import.sql": (
        "-- batch: true\n-- http: POST /book-imports\n"
        "INSERT INTO book (book_id, title, state) VALUES (:book_id, :title, 'new') ON CONFLICT DO NOTHING\n"
    ),
}


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The project behind `queryport serve`, called by nobody that it knows."""
    with Served(write(tmp_path_factory.mktemp("project"), PROJECT), "--as", "anonymous") as served:
        yield served


@pytest.fixture(scope="session")
def document(served: Served, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The OpenAPI document, as the function answers it."""
    path = tmp_path_factory.mktemp("document") / "openapi.json"
    path.write_bytes(served.client.get("/openapi.json").content)
    return path
