"""Which constraints the compiler says a statement may break, and which errors it lists for an operation."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from handler.contract.operation import Operation
from queryport.compile import compile_project
from queryport.compile.compiled_file import compile_file
from queryport.compile.describe.database import Database
from queryport.diagnostics.source import Source
from queryport.postgres.server import EmbeddedPostgres
from tests.constraints.conftest import SCHEMA
from tests.support.databases import suite_database, with_our_tables
from tests.support.projects import write

Listed = Callable[[str], list[str]]


@pytest.fixture(scope="module")
def url(postgres: EmbeddedPostgres) -> str:
    return suite_database(postgres, "constraints_suite", with_our_tables(SCHEMA)).url


@pytest.fixture(scope="module")
def database(url: str) -> Iterator[Database]:
    with Database(url) as database:
        yield database


@pytest.fixture
def listed(operation_of: Callable[[str], Operation]) -> Listed:
    return lambda sql: [error.code for error in operation_of(sql).documentation.errors]


@pytest.mark.parametrize(
    ("sql", "codes"),
    [
        ("SELECT name FROM customer", []),
        ("-- result: one\nSELECT name FROM customer WHERE customer_id = :id", ["NotFound", "TooManyRows"]),
        ("-- result: maybe\nSELECT name FROM customer WHERE customer_id = :id", ["TooManyRows"]),
        ("SELECT :a::email AS a", ["CheckViolation"]),
        ("SELECT :a::present AS a", ["NotNullViolation"]),
        ("DELETE FROM remark WHERE true", []),
        ("DELETE FROM note WHERE true", ["ForeignKeyViolation"]),
        ("UPDATE customer SET code = :code WHERE true", ["UniqueViolation", "CheckViolation"]),  # email's domain
        ("UPDATE booking SET room = :room WHERE true", ["UniqueViolation"]),
        ("INSERT INTO remark (remark_id) VALUES (1)", ["UniqueViolation", "ForeignKeyViolation", "NotNullViolation"]),
        ("UPDATE remark SET note_id = :n WHERE true", ["ForeignKeyViolation"]),
        ("UPDATE remark SET remark_id = :n WHERE true", ["UniqueViolation", "NotNullViolation"]),
        ("INSERT INTO twin VALUES (:n) ON CONFLICT DO NOTHING", []),
        ("INSERT INTO twin VALUES (:n) ON CONFLICT (twin_id) DO NOTHING", []),
        ("INSERT INTO twin VALUES (:n) ON CONFLICT ON CONSTRAINT twin_key DO NOTHING", ["UniqueViolation"]),
        ("INSERT INTO twin VALUES (:n) ON CONFLICT (twin_id) DO UPDATE SET twin_id = 5", ["UniqueViolation"]),
        ("INSERT INTO watched (what) VALUES (:what)", ["NotNullViolation", "CheckViolation"]),
        ("SELECT refuse('a', 'b', 'c')", ["BusinessRule"]),
        (
            "-- errors: {SH001: {code: OutOfStock, status: 409, detail: No more}}\nSELECT refuse('a', 'b', 'c')",
            ["BusinessRule", "OutOfStock"],
        ),
        ("-- errors: {SH001: {code: OutOfStock, status: 409}}\nSELECT name FROM customer", []),
        (
            "-- errors: {SH001: {code: OutOfStock}, SH002: {code: Closed}}\nSELECT close() AS n",
            ["BusinessRule", "Closed"],
        ),
        ("CREATE TEMP TABLE t ON COMMIT DROP AS SELECT 1 AS a; SELECT a FROM t", []),
        ("SELECT only_one('x') AS n", ["NotFound", "TooManyRows"]),
    ],
)
def test_the_errors_of_an_operation_are_those_that_it_can_end_with(listed: Listed, sql: str, codes: list[str]) -> None:
    found = listed(f"-- silence: [QP304]\n{sql}" if not sql.startswith("--") else sql)
    assert [code for code in found if code != "CheckViolation"] == [code for code in codes if code != "CheckViolation"]
    if "CheckViolation" in codes:
        assert "CheckViolation" in found


def test_a_function_that_runs_strings_may_break_anything(url: str, tmp_path: Path) -> None:
    folder = write(tmp_path, {"run.sql": "SELECT run_it(:text)", "count.sql": "SELECT count(*) AS n FROM customer"})
    with Database(url) as database, database.rehearsal():
        body = "BEGIN EXECUTE words; END"
        database.define(f"CREATE FUNCTION run_it(words text) RETURNS void LANGUAGE plpgsql AS '{body}'", ())
        source = Source(folder / "run.sql", "SELECT run_it(:text)")
        operation = compile_file(database, source, "run").operation
    assert operation is not None
    assert [error.code for error in operation.documentation.errors] == [
        "NotFound",
        "TooManyRows",
        "UniqueViolation",
        "ForeignKeyViolation",
        "CheckViolation",
        "NotNullViolation",
        "BusinessRule",
    ]
    assert "This e-mail address is taken" in {violation.detail for violation in operation.violations}
    assert not any(violation.pointers for violation in operation.violations)


def test_a_folder_speaks_for_all_its_files_and_a_file_for_itself(url: str, tmp_path: Path) -> None:
    insert = "INSERT INTO customer (customer_id, email, name) VALUES (1, :email, 'x')"
    folder = write(
        tmp_path,
        {
            "_folder.yaml": "errors: {customer_email_key: {code: EmailTaken, status: 409, pointer: /email}}",
            "plain.sql": insert,
            "own.sql": f"-- errors: {{customer_email_key: {{code: MailTaken, status: 410}}}}\n{insert}",
            "other.sql": "SELECT name FROM customer",
        },
    )
    compilation = compile_project(folder, url)
    assert not compilation.problems
    told = {
        operation.name: [each[3:] for each in operation.violations if each.name == "customer_email_key"]
        for operation in compilation.operations
    }
    words = "This e-mail address is taken"
    assert told == {
        "other": [],
        "own": [("MailTaken", 410, words, ("/email",))],
        "plain": [("EmailTaken", 409, words, ("/email",))],
    }


def test_a_folder_s_entry_that_no_constraint_has_is_told_where_it_stands(url: str, tmp_path: Path) -> None:
    folder = write(tmp_path, {"_folder.yaml": "errors: {customer_mail_key: {}}", "a.sql": "SELECT 1 AS a"})
    [problem] = compile_project(folder, url).problems
    assert (problem.code, problem.path.name, problem.line, problem.column) == ("QP306", "_folder.yaml", 1, 10)
    assert "customer_email_key" in problem.cure


def test_a_name_has_one_status(url: str, tmp_path: Path) -> None:
    insert = "INSERT INTO customer (customer_id, email, name) VALUES (1, :email, 'x')"
    entry = "-- errors: {{customer_email_key: {{code: EmailTaken, status: {}}}}}\n{}"
    folder = write(tmp_path, {"a.sql": entry.format(409, insert), "b.sql": entry.format(410, insert)})
    [problem] = compile_project(folder, url).problems
    assert (problem.code, problem.path.name, problem.line) == ("QP307", "b.sql", 1)
    assert "410 here, and 409 in `a`" in problem.message
