"""Changes with an entity tag against plain PostgreSQL: the author's own statement if every row has it, else nothing.

The statements are all combinations of a small grammar, each run with the tag that its rows have and with another one.
"""

from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import psycopg
import pytest

from handler.contract.operation import Operation, Precondition
from queryport.compile.describe.database import Database
from queryport.postgres.server import EmbeddedPostgres
from tests.queryport.compile.conftest import Compile
from tests.queryport.compile.plain_postgres import run_compiled
from tests.support.databases import suite_database, with_our_tables

SCHEMA = """
CREATE TABLE page (
  page_id integer PRIMARY KEY, title text, version integer DEFAULT 1, stamp timestamptz, mark uuid, "Odd ""tag" text
);
INSERT INTO page VALUES
  (1, 'one', 1, '2024-05-01T10:00:00Z', 'c0ffee00-0000-0000-0000-000000000001', 'a "b", c'),
  (2, 'two', 7, '2024-05-01T10:00:00.25Z', 'c0ffee00-0000-0000-0000-000000000002', 'ö'),
  (3, 'three', NULL, NULL, NULL, NULL);
CREATE TABLE reader (reader_id integer PRIMARY KEY, page_id integer);
INSERT INTO reader VALUES (1, 2), (2, 2), (3, 3);
CREATE VIEW page_view AS SELECT page_id, title, version, stamp, mark, "Odd ""tag" FROM page WHERE page_id < 9;
CREATE TABLE part (page_id integer, title text, version integer) PARTITION BY LIST (page_id);
CREATE TABLE part_2 PARTITION OF part FOR VALUES IN (2);
CREATE VIEW counted AS SELECT page_id, count(*) AS version FROM reader GROUP BY page_id;
CREATE VIEW counted_view AS SELECT page_id, version FROM counted;
CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TABLE counting (
  page_id integer, title text, version integer, generated text GENERATED ALWAYS AS (upper(title)) STORED
);
CREATE TRIGGER count BEFORE UPDATE ON counting FOR EACH ROW EXECUTE FUNCTION nothing();
CREATE TABLE logged (page_id integer, title text, version integer);
CREATE TRIGGER log AFTER UPDATE ON logged FOR EACH ROW EXECUTE FUNCTION nothing();
CREATE TRIGGER log_all BEFORE UPDATE ON logged FOR EACH STATEMENT EXECUTE FUNCTION nothing();
CREATE TRIGGER insert BEFORE INSERT ON logged FOR EACH ROW EXECUTE FUNCTION nothing();
CREATE TRIGGER instead INSTEAD OF UPDATE ON counted FOR EACH ROW EXECUTE FUNCTION nothing();
"""
COMMON = (
    "",
    "WITH w AS (SELECT 2 AS id) ",
    "WITH w AS (DELETE FROM reader WHERE page_id = 2 RETURNING page_id AS id) ",
)
CHANGES = (
    "UPDATE {table} SET title = :new",
    "UPDATE public.{table} AS x SET title = :new",
    'UPDATE ONLY {table} "X y" SET (title, version) = (:new, 3) FROM reader r, generate_series(1, 2)',
    "DELETE FROM {table}",
    "DELETE FROM {table} AS x USING reader r",
)
CONDITIONS = (
    "{row}.page_id = :id",
    "({row}.page_id = :id)",
    "{row}.page_id = :id AND ({row}.title = 'two' OR {row}.title = 'where') /* RETURNING 1 */",
    "(:id IS NULL OR {row}.page_id = :id) AND EXISTS (SELECT FROM reader WHERE reader.page_id = {row}.page_id)",
    "{row}.page_id = :id AND {row}.title IS DISTINCT FROM 'returning' OR false",
)
WITH_W = "{row}.page_id = (SELECT max(id) FROM w)"
TAGS = {"version": "7", "stamp": "2024-05-01T10:00:00.25+00:00", "mark": "c0ffee00-0000-0000-0000-000000000002"}


@pytest.fixture(scope="module")
def url(postgres: EmbeddedPostgres) -> str:
    return suite_database(postgres, "entity_tags_suite", with_our_tables(SCHEMA)).url


@pytest.fixture(scope="module")
def database(url: str) -> Iterator[Database]:
    with Database(url) as database:
        yield database


@pytest.fixture
def operation_of(compile_text: Compile) -> Callable[[str], Operation]:
    """Compiles a text, whatever it is warned of."""

    def compile_one(text: str) -> Operation:
        operation, problems = compile_text(text)
        assert operation is not None, [problem.render() for problem in problems]
        return operation

    return compile_one


@pytest.fixture(scope="module")
def connection(url: str) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET timezone = 'UTC'")  # as every session of the Data API
        yield connection


def statements() -> Iterator[tuple[str, str]]:
    """Each statement, of which every other one returns a row's columns, and what returns them."""
    for number, (common, change, condition) in enumerate(product(COMMON, CHANGES, (*CONDITIONS, WITH_W))):
        if (condition is WITH_W) != bool(common):
            continue
        row = "x" if " AS x" in change else '"X y"' if "X y" in change else "page"
        change = change.format(table="page")
        if "reader r" in change:
            condition = f"r.page_id = {{row}}.page_id AND ({condition})"
        returning = f" RETURNING {row}.page_id, {row}.version" if (number + number // 6) % 2 else ""
        yield f"{common}{change} WHERE {condition.format(row=row)}{returning}", returning


def left(connection: psycopg.Connection[Any], run: Callable[[], Any]) -> tuple[Any, Any]:
    """What a statement answers, and what it leaves in the table; all is taken back."""
    connection.execute("BEGIN")
    try:
        answer = run()
        if isinstance(answer, str) and answer:
            return answer, None
        return answer, connection.execute("SELECT page::text FROM page ORDER BY 1").fetchall()
    finally:
        connection.execute("ROLLBACK")


def values(identifier: str, tags: str | None) -> dict[str, str | None]:
    given: dict[str, str | None] = {"id": identifier, "new": "new", "__mark": "mark-"}
    return given if tags is None else given | {"__if_match": tags}


@pytest.mark.slow
def test_a_change_is_its_authors_own_if_its_rows_have_the_tag(
    operation_of: Callable[[str], Operation], connection: psycopg.Connection[Any]
) -> None:
    compiled = 0
    for text, returning in dict(statements()).items():
        result = "maybe" if returning else "affected"
        operation = operation_of(f"-- result: {result}\n-- etag: version\n{text}")
        assert operation.precondition is Precondition.OPTIONAL
        compiled += 1

        def plain(identifier: str, text: str = text) -> Any:
            sql = text.replace(":id", identifier).replace(":new", "'new'")
            return left(connection, lambda: connection.execute(sql.encode()).rowcount)

        def sent(tags: str | None, identifier: str = "2", operation: Operation = operation) -> Any:
            return left(connection, lambda: run_compiled(connection, operation, values(identifier, tags)))

        changed = plain("2")
        assert changed[0] == 1
        for tags in (None, "{x,7}"):
            answer, rows = sent(tags)
            assert (answer, rows) == (answer, changed[1])
            assert isinstance(answer, list)
            assert len(answer) == 1
        for tags in ("{6,07}", "{}"):
            assert sent(tags) == ("22P02", None)  # the statement refuses by its mark
        if ":id" in text:
            assert sent("{7}", "5")[1] == plain("5")[1]  # no row, which is not a row in another state
            assert sent("{1}", "3") == (("22P02", None) if plain("3")[0] else sent(None, "3"))  # no tag is no tag
    assert compiled > 30


@pytest.mark.parametrize(("column", "tag"), TAGS.items())
def test_the_tag_is_the_text_that_the_answer_has(
    operation_of: Callable[[str], Operation], connection: psycopg.Connection[Any], column: str, tag: str
) -> None:
    text = f"-- result: one\n-- etag: {column}\nUPDATE page SET title = :new WHERE page_id = :id RETURNING {column}"
    operation = operation_of(text)
    assert operation.response.etag == column
    answer, _ = left(connection, lambda: run_compiled(connection, operation, values("2", f'{{"{tag}"}}')))
    assert str(answer[0][column]) == tag
    assert left(connection, lambda: run_compiled(connection, operation, values("2", "{other}")))[0] == "22P02"


@pytest.mark.parametrize(
    ("text", "identifier", "tags"),
    [
        ('-- etag: Odd "tag\nUPDATE page SET title = :new WHERE page_id = :id', "1", '{"a \\"b\\", c"}'),
        (
            '-- etag: t\n-- result: one\nUPDATE page SET title = :new WHERE page_id = :id RETURNING "Odd ""tag" AS t',
            "2",
            "{ö}",
        ),
        ("-- etag: version\nUPDATE page_view SET title = :new WHERE page_id = :id", "2", "{7}"),
        ("-- etag: version\nUPDATE part SET title = :new WHERE page_id = :id", "2", "{}"),
        ("-- etag: xmin\nUPDATE page SET title = :new WHERE page_id = :id AND page_id > 5", "2", "{}"),
    ],
)
def test_columns_are_found_wherever_they_stand(
    operation_of: Callable[[str], Operation],
    connection: psycopg.Connection[Any],
    text: str,
    identifier: str,
    tags: str,
) -> None:
    operation = operation_of(text)
    answer, rows = left(connection, lambda: run_compiled(connection, operation, values(identifier, tags)))
    assert isinstance(answer, list), answer
    assert rows is not None


@pytest.mark.parametrize("view", ["counted", "counted_view"])
def test_rows_that_cannot_be_locked_have_no_state(compile_text: Compile, view: str) -> None:
    text = f"-- etag: version\nUPDATE {view} SET version = 1 WHERE page_id = :id"
    _, (problem,) = compile_text(text)
    assert (problem.code, "cannot be locked" in problem.message) == ("QP423", True)


def test_the_id_of_the_transaction_that_wrote_a_row_can_be_its_tag(
    operation_of: Callable[[str], Operation], connection: psycopg.Connection[Any]
) -> None:
    read = operation_of("-- result: one\n-- etag: xmin\nSELECT title, xmin FROM page WHERE page_id = :id")
    change = operation_of(
        "-- result: one\n-- etag: xmin\nUPDATE page SET title = :new WHERE page_id = :id RETURNING page.xmin"
    )
    answer = run_compiled(connection, read, values("1", None))
    tags = f"{{{answer[0]['xmin']}}}"  # type: ignore[index]  # a list of rows
    assert isinstance(left(connection, lambda: run_compiled(connection, change, values("1", tags)))[0], list)
    assert left(connection, lambda: run_compiled(connection, change, values("1", "{1}")))[0] == "22P02"


@pytest.mark.parametrize(
    ("text", "is_warned"),
    [
        ("-- etag: version\nUPDATE page SET title = :new WHERE page_id = :id", True),
        ("-- etag: version\nUPDATE page SET title = :new, version = version + 1 WHERE page_id = :id", False),
        ("-- etag: version\nUPDATE page SET (title, version) = (:new, 1) WHERE page_id = :id", False),
        ("-- etag: xmin\nUPDATE page SET title = :new WHERE page_id = :id", False),
        ("-- etag: version\nUPDATE page_view SET title = :new WHERE page_id = :id", False),
        ("-- etag: version\nDELETE FROM page WHERE page_id = :id", False),
        ("-- etag: version\nUPDATE counting SET title = :new WHERE page_id = :id", False),
        ("-- etag: generated\nUPDATE counting SET title = :new WHERE page_id = :id", False),
        ("-- etag: version\nUPDATE logged SET title = :new WHERE page_id = :id", True),
    ],
)
def test_a_tag_that_a_change_leaves_as_it_is_is_warned_of(compile_text: Compile, text: str, *, is_warned: bool) -> None:
    operation, problems = compile_text(text)
    assert operation is not None
    assert [problem.code for problem in problems] == (["QP426"] if is_warned else [])
