"""The privileges that statements need: enough to run them as the role, and not one more than that takes."""

import secrets
from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path

import psycopg
import pytest

from handler.contract.operation import Operation
from handler.engine import idempotency
from queryport.access.needs import needs, needs_by
from queryport.access.privileges import Needs, Privilege
from queryport.access.role_sql import grants
from queryport.access.statements import texts, without_parameters
from queryport.compile.describe.database import Database
from queryport.postgres.server import EmbeddedPostgres
from queryport.testing.databases import create_database
from tests.support.compiling import compile_text
from tests.support.databases import with_our_tables

ROLE = "least"

# Of each statement, what it needs beside USAGE on the schema public.
CASES = {
    "SELECT title FROM book WHERE book_id = 1": ["SELECT (book_id, title) on table public.book"],
    "SELECT count(*) FROM book": ["SELECT (book_id) on table public.book"],
    "SELECT 1 AS one FROM book ORDER BY price": ["SELECT (price) on table public.book"],
    "SELECT b FROM (SELECT author AS b FROM author) s": ["SELECT (author_id, born, name) on table public.author"],
    "SELECT title FROM book WHERE ctid IS NOT NULL": ["SELECT on table public.book"],
    "SELECT name FROM author JOIN book USING (author_id)": [
        "SELECT (author_id) on table public.book",
        "SELECT (author_id, name) on table public.author",
    ],
    "WITH a AS (SELECT name FROM author) SELECT name FROM a": ["SELECT (name) on table public.author"],
    "SELECT title FROM book WHERE book_id = 1 FOR UPDATE": [
        "SELECT (book_id, title) on table public.book",
        "UPDATE (book_id) on table public.book",
    ],
    "INSERT INTO book (title) VALUES ('a')": [
        "INSERT (title) on table public.book",
        "USAGE on sequence public.book_book_id_seq",
    ],
    "INSERT INTO book (book_id, title) VALUES (1, 'a')": ["INSERT (book_id, title) on table public.book"],
    "INSERT INTO book (book_id, title) VALUES (DEFAULT, 'a') RETURNING price": [
        "INSERT (book_id, title) on table public.book",
        "SELECT (price) on table public.book",
        "USAGE on sequence public.book_book_id_seq",
    ],
    "INSERT INTO book DEFAULT VALUES": [
        "INSERT (book_id) on table public.book",
        "USAGE on sequence public.book_book_id_seq",
    ],
    "INSERT INTO author (author_id, name) VALUES (1, 'a') ON CONFLICT (author_id) DO UPDATE SET name = excluded.name": [
        "INSERT (author_id, name) on table public.author",
        "SELECT (author_id, name) on table public.author",
        "UPDATE (name) on table public.author",
    ],
    "UPDATE book SET title = 'a' WHERE book_id = 1": [
        "SELECT (book_id) on table public.book",
        "UPDATE (title) on table public.book",
    ],
    "UPDATE book SET book_id = DEFAULT WHERE pages = 1": [
        "SELECT (pages) on table public.book",
        "UPDATE (book_id) on table public.book",
        "USAGE on sequence public.book_book_id_seq",
    ],
    "DELETE FROM book WHERE price > 1": ["DELETE on table public.book", "SELECT (price) on table public.book"],
    "MERGE INTO author USING book ON author.author_id = book.author_id "
    "WHEN MATCHED THEN UPDATE SET name = book.title WHEN NOT MATCHED THEN DO NOTHING": [
        "SELECT (author_id) on table public.author",
        "SELECT (author_id, title) on table public.book",
        "UPDATE (name) on table public.author",
    ],
    "SELECT nextval('ticket')": ["USAGE on sequence public.ticket"],
    "SELECT setval('ticket', 7)": ["UPDATE on sequence public.ticket", "USAGE on sequence public.ticket"],
    'SELECT "A column" FROM "Other"."Odd ""Table"': [
        'USAGE on schema "Other"',
        'SELECT ("A column") on table "Other"."Odd ""Table"',
    ],
    "SELECT title FROM cheap": ["SELECT (title) on table public.cheap"],
    "SELECT title FROM mine": [
        "SELECT (book_id, price, title) on table public.book",
        "SELECT (title) on table public.mine",
    ],
    "SELECT title FROM both_ways": [
        "SELECT (book_id, price, title) on table public.book",
        "SELECT (title) on table public.both_ways",
    ],
    "INSERT INTO cheap (title) VALUES ('a')": [
        "INSERT (title) on table public.cheap",
        "USAGE on sequence public.book_book_id_seq",
    ],
    "SELECT pages_of(1)": [
        "EXECUTE on function public.pages_of(integer)",
        "SELECT (book_id, pages) on table public.book",
    ],
    "SELECT pages_of_text(1)": [
        "EXECUTE on function public.pages_of_text(number integer)",
        "SELECT (book_id, pages) on table public.book",
    ],
    "SELECT pages_as_owner(1)": ["EXECUTE on function public.pages_as_owner(integer)"],
    "SELECT pages_by_steps(0)": [  # of no book, so that every branch is run
        "EXECUTE on function public.pages_by_steps(number integer)",
        "EXECUTE on function public.pages_of(integer)",
        "SELECT (book_id, pages) on table public.book",
        "SELECT (note_id) on table public.note",
    ],
    "SELECT hidden(1)": ["EXECUTE on function public.hidden(integer)"],
    "SELECT 1::small AS number": ["EXECUTE on function public.hidden(integer)"],
    "SELECT pages <#> 1 AS less FROM book": ["SELECT (pages) on table public.book"],
    "INSERT INTO note (words) VALUES ('a')": [
        "INSERT (word) on table public.audit",
        "INSERT (words) on table public.note",
        "SELECT (name) on table public.author",
        "UPDATE (born) on table public.author",
        "USAGE on sequence public.audit_audit_id_seq",
    ],
    "SELECT guarded_id FROM guarded": [
        "SELECT (guarded_id) on table public.guarded",
        "SELECT (name) on table public.member",
    ],
    "INSERT INTO guarded (owner, checked) SELECT name, 1 FROM member": [
        "EXECUTE on function public.hidden(integer)",
        "INSERT (checked, owner) on table public.guarded",
        "SELECT (name) on table public.member",
    ],
}

Compile = Callable[[str], list[Operation]]
Derive = Callable[[list[Operation]], Needs]


@pytest.fixture(scope="module")
def url(postgres: EmbeddedPostgres) -> str:
    url = create_database(postgres.url(), f"access_{secrets.token_hex(4)}").url
    with_our_tables(Path(__file__).with_name("schema.sql"))(url)
    return url


@pytest.fixture(scope="module")
def database(url: str) -> Iterator[Database]:
    with Database(url) as made:
        yield made


@pytest.fixture(scope="module")
def needed_by(url: str) -> Iterator[Derive]:
    """Derives what operations need by a connection that is kept."""
    with psycopg.connect(url, autocommit=True) as asking:
        yield partial(needs_by, asking)


@pytest.fixture(scope="module")
def operations(database: Database) -> Compile:
    """Compiles the statement of an operation, once for all tests."""

    @cache
    def compiled(sql: str) -> list[Operation]:
        result = (
            "none" if sql.startswith(("INSERT", "UPDATE", "DELETE", "MERGE")) and "RETURNING" not in sql else "many"
        )
        return _compiled(database, f"-- result: {result}\n-- idempotency: 'off'\n{sql}\n")

    return compiled


def _compiled(database: Database, text: str) -> list[Operation]:
    compiled = compile_text(database, text)
    assert compiled.operation is not None, compiled.problems
    return [compiled.operation]


@pytest.fixture(scope="module")
def session(url: str) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    with psycopg.connect(url) as connection:
        yield connection


@pytest.fixture
def connection(session: psycopg.Connection[tuple[object, ...]]) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    """A connection whose changes are rolled back."""
    yield session
    session.rollback()


def test_keys_of_idempotency_can_be_found_taken_kept_and_forgotten(
    url: str, database: Database, connection: psycopg.Connection[tuple[object, ...]]
) -> None:
    compiled = _compiled(database, "-- result: none\nINSERT INTO author (author_id) VALUES (:number)\n")
    connection.execute(grants(ROLE, needs(url, compiled)).encode())
    connection.execute(f"SET LOCAL ROLE {ROLE}")
    for statement in (idempotency._LOOK_UP, idempotency.CLAIM, idempotency.STORE):
        connection.execute(f"EXPLAIN {without_parameters(statement)}".encode())


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        ("SELECT anything('DROP TABLE book')", "function public.anything(what text)"),
        ("UPDATE mine SET title = 'a' WHERE book_id = 1", "view public.mine"),
    ],
)
def test_what_cannot_be_seen_is_told(needed_by: Derive, operations: Compile, sql: str, told: str) -> None:
    needed = needed_by(operations(sql))
    (unseen,) = needed.unseen
    assert unseen.startswith(told)
    assert f"-- {unseen}" in grants(ROLE, needed)


def test_a_temporary_table_needs_the_right_to_make_one(
    needed_by: Derive, database: Database, connection: psycopg.Connection[tuple[object, ...]]
) -> None:
    steps = [
        "-- result: many",
        "-- idempotency: 'off'",
        "CREATE TEMPORARY TABLE chosen (number int) ON COMMIT DROP;",
        "INSERT INTO chosen SELECT book_id FROM book;",
        "SELECT number FROM chosen;",
    ]
    compiled = _compiled(database, "\n".join(steps))
    needed = needed_by(compiled)
    assert _told(needed) == ["SELECT (book_id) on table public.book", "TEMPORARY on database"]
    connection.execute(grants(ROLE, needed).encode())
    _run(connection, compiled)


def _run(connection: psycopg.Connection[tuple[object, ...]], operations: list[Operation]) -> None:
    """Runs the operations as the role and takes it all back."""
    with connection.transaction(force_rollback=True):
        connection.execute(f"SET LOCAL ROLE {ROLE}")
        for operation in operations:
            for statements in texts(operation):
                for statement in statements:
                    connection.execute(without_parameters(statement).encode())


def _told(needed: Needs) -> list[str]:
    return sorted(str(each) for each in needed.privileges if str(each) != "USAGE on schema public")


@pytest.mark.parametrize(("sql", "expected"), CASES.items())
def test_what_a_statement_needs(needed_by: Derive, operations: Compile, sql: str, expected: list[str]) -> None:
    needed = needed_by(operations(sql))
    assert _told(needed) == sorted(expected)
    assert needed.unseen == ()


@pytest.mark.parametrize("sql", CASES)
def test_it_is_enough_and_no_more_than_that(
    needed_by: Derive, operations: Compile, sql: str, connection: psycopg.Connection[tuple[object, ...]]
) -> None:
    compiled = operations(sql)
    needed = needed_by(compiled)
    connection.execute("INSERT INTO member VALUES ('a', 'b'); INSERT INTO book (pages) VALUES (1)")
    connection.execute(grants(ROLE, needed).encode())
    _run(connection, compiled)
    for privilege in (single for each in needed.privileges for single in _singly(each)):
        if _everybody_has(connection, privilege):
            continue
        with connection.transaction(force_rollback=True):
            connection.execute(_revoke(privilege).encode())
            assert not _may_run(connection, compiled), f"it runs without {privilege}"


def _may_run(connection: psycopg.Connection[tuple[object, ...]], operations: list[Operation]) -> bool:
    try:
        _run(connection, operations)
    except psycopg.errors.InsufficientPrivilege:
        return False
    return True


def _singly(privilege: Privilege) -> Iterator[Privilege]:
    if not privilege.columns:
        yield privilege
    for column in privilege.columns:
        yield Privilege(privilege.kind, privilege.name, privilege.verb, (column,))


def _revoke(privilege: Privilege) -> str:
    columns = f" ({privilege.columns[0]})" if privilege.columns else ""
    kind = "ROUTINE" if privilege.kind == "function" else privilege.kind.upper()
    return f"REVOKE {privilege.verb}{columns} ON {kind} {privilege.name} FROM {ROLE}"


def _everybody_has(connection: psycopg.Connection[tuple[object, ...]], privilege: Privilege) -> bool:
    """Whether PUBLIC has it, or the whole table is granted beside the column."""
    if privilege.kind == "function":
        return "hidden" not in privilege.name
    if privilege.columns:
        asked = (ROLE, privilege.name, privilege.verb)
        row = connection.execute("SELECT has_table_privilege(%s, %s, %s)", asked).fetchone()
        return bool(row and row[0])
    if (privilege.kind, privilege.name) == ("sequence", "public.ticket"):
        # Who may set a sequence may use it as well.
        row = connection.execute("SELECT has_sequence_privilege(%s, 'ticket', 'UPDATE')", (ROLE,)).fetchone()
        return bool(row and row[0])
    return privilege == Privilege("schema", "public", "USAGE")
