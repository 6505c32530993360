"""`check`, `build`, `run` and the command line itself: some as processes, most within this one."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from handler.contract.catalog import Catalog
from queryport.commands.main import queryport
from queryport.migrations.runner import apply_scripts
from queryport.postgres.programs import psql_program
from tests.support.copied_lambda import one_original
from tests.support.databases import NewDatabase
from tests.support.projects import BOOKSHOP, ENVIRONMENT, QUERYPORT, Project, run, write


@pytest.fixture(scope="module", autouse=True)
def _one_original(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """In test_serve.py and test_docs.py, `run` starts its process itself."""
    with one_original(tmp_path_factory.mktemp("lambda")):
        yield


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, module_data_dir: Path) -> Project:
    return Project(write(tmp_path_factory.mktemp("shop"), BOOKSHOP), module_data_dir)


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory, module_data_dir: Path) -> Project:
    wrong = {
        "sql_queries/books/wrong.sql": "SELECT titel FROM book\n",
        "sql_queries/books/all.sql": "SELECT * FROM book\n",
    }
    return Project(write(tmp_path_factory.mktemp("broken"), BOOKSHOP | wrong), module_data_dir)


def test_check_passes_and_writes_nothing(shop: Project) -> None:
    done = shop.run("check")
    assert (done.code, done.output) == (0, "5 operations, no errors\n")
    assert not (shop.root / "catalog.json").exists()


def test_check_imports_what_it_uses_alone(tmp_path: Path, new_database: NewDatabase) -> None:
    url = new_database()
    apply_scripts(url, ())
    (tmp_path / "migrations").mkdir()
    options = ["check", "--database-url", url, "--project", str(tmp_path)]
    # What measures the coverage of the tests has imported some of it before.
    start = f"import sys; before = {{*sys.modules}}; from queryport.__main__ import main; sys.argv[1:] = {options!r}"
    program = [sys.executable, "-c", f"{start}\ntry:\n    main()\nfinally:\n    print(*{{*sys.modules}} - before)"]
    imported = []
    for statement in ("SELECT 1 AS n", "SELECT 2 AS n", "-- result: many\nSELECT 3 AS n, * FROM pg_am"):
        write(tmp_path, {"sql_queries/a.sql": statement})
        done = subprocess.run(program, capture_output=True, text=True, check=True)
        assert "1 operation, no errors" in done.stdout
        # Of a step that takes long, rich tells.
        seldom = {"boto3", "difflib", "jsonschema", "tomllib", "yaml", *([] if done.stderr else ["rich"])}
        imported.append(seldom & set(done.stdout.splitlines()[-1].split()))
    # The first one compiles Queryport's own operations too, whose parameters have keywords.
    assert imported[0] >= {"jsonschema", "yaml"}
    assert imported[1] == set()
    assert "yaml" in imported[2]


@pytest.mark.slow
def test_check_reports_everything_and_fails(broken: Project) -> None:
    done = broken.run("check")
    assert done.code == 1
    assert 'wrong.sql:1:8 QP202 column "titel" does not exist' in done.output
    assert "QP304 warning" in done.output
    assert done.output.endswith("6 operations, 1 error, 1 warning\n")


@pytest.mark.slow
def test_warnings_fail_only_where_it_is_strict(shop: Project, tmp_path: Path) -> None:
    write(tmp_path, BOOKSHOP | {"sql_queries/all.sql": "SELECT * FROM book\n"})
    done = run("check", project=tmp_path, data_dir=shop.data_dir)
    assert (done.code, done.output.splitlines()[-1]) == (0, "6 operations, no errors, 1 warning")
    assert run("check", "--strict", project=tmp_path, data_dir=shop.data_dir).code == 1
    assert shop.run("check", "--strict").code == 0


@pytest.mark.slow
def test_check_reports_on_the_files_that_it_is_asked_about(broken: Project) -> None:
    folder = broken.root / "sql_queries/books"
    done = broken.run("check", str(folder / "all.sql"))
    assert (done.code, done.output.splitlines()[-1]) == (0, "6 operations, no errors, 1 warning")
    assert "wrong.sql" not in done.output
    done = broken.run("check", str(folder / "wrong.sql"), str(folder / "get.sql"))
    assert (done.code, done.output.splitlines()[-1]) == (1, "6 operations, 1 error")
    assert broken.run("check", str(folder)).output == broken.run("check").output
    assert broken.run("check", str(folder / "nothing.sql")).code == 2


@pytest.mark.slow
def test_check_answers_programs(broken: Project) -> None:
    done = broken.run("check", "--format", "json")
    assert done.code == 1
    found = json.loads(done.output)
    assert found["operations"] == 6
    warning, error = found["problems"]
    assert (warning["code"], warning["severity"], warning["line"]) == ("QP304", "warning", 1)
    assert error == {
        "code": "QP202",
        "severity": "error",
        "path": error["path"],
        "line": 1,
        "column": 8,
        "end_column": 13,
        "message": error["message"],
        "cure": error["cure"],
    }
    assert error["path"].endswith("sql_queries/books/wrong.sql")
    done = broken.run("check", "--format", "github")
    lines = done.output.splitlines()
    assert re.fullmatch(r"::warning file=.*all.sql,line=1,col=8,endColumn=9,title=QP304::.*%0Ahelp: .*", lines[0])
    assert re.match(r"::error file=.*wrong.sql,line=1,col=8,endColumn=13,title=QP202::column .titel. does", lines[1])
    assert lines[2] == "6 operations, 1 error, 1 warning"


@pytest.mark.slow
def test_a_broken_migration_is_annotated(tmp_path: Path, shop: Project) -> None:
    write(tmp_path, BOOKSHOP | {"migrations/0002_a.sql": "SELECT 1 / 0"})
    done = run("check", "--format", "github", project=tmp_path, data_dir=shop.data_dir)
    assert done.code == 1
    assert re.match(r"::error file=.*0002_a.sql,line=1,col=1,.*title=QP202::division by zero", done.output)


@pytest.mark.slow
def test_a_request_is_sent_with_its_body_and_key(shop: Project) -> None:
    done = shop.run("run", "--http", "GET /books/4")
    assert (done.code, json.loads(done.output)["data"]["title"]) == (0, "Book 4")
    assert "200  GET /books/4" in done.errors
    done = shop.run("run", "--http", "GET /books/none")
    assert done.code == 1
    assert json.loads(done.output)["code"] == "InvalidParameters"
    body = '{"title": "By body", "book_id": 5}'
    done = shop.run("run", "--http", "POST /operations/books.rename", "--body", body, "--key", "k1")
    assert (done.code, json.loads(done.output)) == (0, {"data": 1})


@pytest.mark.slow
def test_a_write_is_tried_and_taken_back(shop: Project) -> None:
    done = shop.run("run", "books.rename", "title=tried", "book_id=2", "--rollback")
    assert (done.code, done.output) == (0, "1 row affected\n")
    assert "the change was taken back" in done.errors
    done = shop.run("run", "--http", "GET /books/2")
    assert json.loads(done.output)["data"]["title"] == "Book 2"


@pytest.mark.slow
def test_a_request_is_sent_with_an_api_key(tmp_path: Path, data_dir: Path) -> None:
    files = {"sql_queries/one.sql": "-- http: GET /one\n-- allow: [key:partner-*]\n-- result: value\nSELECT 1 AS one\n"}
    write(tmp_path, files)
    made = CliRunner().invoke(queryport, ["key", "new", "partner-a", "--local", *Project(tmp_path, data_dir).options])
    key = re.findall(r"^  (qp_\S+)$", made.output, re.MULTILINE)[0]
    done = run("run", "--http", "GET /one", "--api-key", key, project=tmp_path, data_dir=data_dir)
    assert (done.code, json.loads(done.output)) == (0, {"data": 1})
    assert run("run", "--http", "GET /one", project=tmp_path, data_dir=data_dir).code == 1


@pytest.mark.slow
def test_parameters_come_as_one_body_with_a_key(shop: Project, tmp_path: Path) -> None:
    (tmp_path / "body.json").write_text('{"title": "By file", "book_id": 3}')
    command = ("run", "books.rename", "--body", f"@{tmp_path}/body.json", "--key", "same")
    for _ in range(2):
        assert shop.run(*command).output == "1 row affected\n"
    done = shop.run("run", "books.rename", "title=other", "book_id=3", "--key", "same")
    assert (done.code, "IdempotencyConflict" in done.errors) == (1, True)
    assert shop.run("run", "books.rename", "title=x", "--body", "{}").code == 2
    assert shop.run("run").code == 2


@pytest.mark.slow
def test_postgresql_is_heard_under_a_failed_call(shop: Project) -> None:
    write(shop.root, {"sql_queries/books/half.sql": "-- result: value\nSELECT 1 / :n::int AS half\n"})
    done = shop.run("run", "books.half", "n=0")
    (shop.root / "sql_queries/books/half.sql").unlink()
    assert done.code == 1
    assert "22012: division by zero" in done.errors


@pytest.mark.slow
def test_the_operations_are_listed(shop: Project) -> None:
    done = shop.run("list")
    assert done.code == 0
    assert [line.split()[0] for line in done.output.splitlines()] == [
        "Operation",
        *("books.cheap", "books.count", "books.get", "books.rename", "books.wait"),
    ]
    assert "books.wait" not in shop.run("list", "books.c").output


@pytest.mark.slow
def test_a_migration_is_begun_with_the_next_number(tmp_path: Path) -> None:
    write(tmp_path, BOOKSHOP)

    def new(*arguments: str) -> str:
        done = CliRunner().invoke(queryport, ["new", "migration", "--project", str(tmp_path), *arguments])
        assert done.exit_code == 0, done.output
        return done.stdout

    assert new("Add a colour!") == f"{tmp_path}/migrations/0002_add_a_colour.sql\n"
    new("--no-transaction", "index")
    assert (tmp_path / "migrations/0003_index.sql").read_text() == "-- transaction: off\n"


@pytest.mark.slow
def test_the_development_databases_are_listed_reset_and_restored(tmp_path: Path, data_dir: Path) -> None:
    project = Project(write(tmp_path, BOOKSHOP), data_dir)

    def db(*arguments: str) -> str:
        done = CliRunner().invoke(queryport, ["db", arguments[0], *project.options, *arguments[1:]])
        assert done.exit_code == 0, done.output
        return done.stdout

    assert project.run("run", "books.rename", "title=Mine", "book_id=1").code == 0
    assert db("list") == "no database is kept\n"
    assert db("reset") == "the database app is new\n"
    assert "Book 1" in project.run("run", "books.get", "book_id=1").output
    (name,) = re.findall(r"^app_\w+", db("list"), re.MULTILINE)
    assert db("restore", name) == f"{name} is the database app now\n"
    assert "Mine" in project.run("run", "books.get", "book_id=1").output
    db("reset")
    (name,) = re.findall(r"^app_\w+", db("list"), re.MULTILINE)
    assert db("drop", name) == f"dropped {name}\n"
    assert db("list") == "no database is kept\n"


def test_build_writes_the_catalogue(shop: Project, tmp_path: Path) -> None:
    output = tmp_path / "catalog.json"
    done = shop.run("build", "--output", str(output))
    assert done.code == 0, done.errors
    catalog = Catalog(output)
    assert catalog.names == [
        "books.cheap",
        "books.count",
        "books.get",
        "books.rename",
        "books.wait",
        "queryport.purge_idempotency_keys",
    ]
    assert catalog.documentation("books.count").result_schema["type"] == "integer"
    before = output.read_bytes()
    shop.run("build", "--output", str(output))
    assert output.read_bytes() == before


@pytest.mark.slow
def test_psql_is_opened_on_the_database_that_is_served_from(shop: Project) -> None:
    statements = ("SELECT title FROM book WHERE book_id = 4", "SELECT 1 / 0")
    command: list[str | Path] = [
        QUERYPORT,
        "psql",
        "--project",
        shop.root,
        "--data-dir",
        shop.data_dir,
        "--",
        "-XAt",
        *(f"--command={text}" for text in statements),
    ]
    path = f"{psql_program().parent}:{ENVIRONMENT['PATH']}"
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=ENVIRONMENT | {"PATH": path})
    assert (done.returncode, done.stdout) == (1, "Book 4\n")
    assert "division by zero" in done.stderr


def test_without_psql_the_database_is_named(shop: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(shop.root))
    done = CliRunner().invoke(queryport, ["psql", *shop.options])
    assert re.match(r"psql is not on the PATH: install .*postgresql://", str(done.exception))
    done = CliRunner().invoke(queryport, ["psql", *shop.options, "--database", "app_of_none"])
    assert "app_of_none" in str(done.exception)


def test_an_operation_is_printed_as_a_state_of_step_functions(shop: Project) -> None:
    done = CliRunner().invoke(queryport, ["asl", "books.get", *shop.options])
    state = json.loads(done.stdout)
    assert (state["Type"], state["Parameters"]["Payload"]["operation"]) == ("Task", "books.get")


def test_a_catalogue_that_cannot_be_written_is_told(shop: Project, tmp_path: Path) -> None:
    output = tmp_path / "none" / "catalog.json"
    done = CliRunner().invoke(queryport, ["build", *shop.options, "--output", str(output)])
    assert (done.exit_code, f"{output} cannot be written: No such file or directory" in done.output) == (1, True)


@pytest.mark.slow
def test_build_writes_nothing_where_there_are_errors(broken: Project) -> None:
    done = broken.run("build")
    assert done.code == 1
    assert done.output.endswith("6 operations, 1 error, 1 warning: nothing was written\n")
    assert not (broken.root / "catalog.json").exists()


@pytest.mark.slow
def test_a_broken_migration_is_shown_with_its_place(tmp_path: Path, data_dir: Path) -> None:
    write(tmp_path, BOOKSHOP | {"migrations/0002_bad.sql": "CREATE TABLE ok (n int);\nALTER TABLE bok ADD x int;"})
    done = run("check", project=tmp_path, data_dir=data_dir)
    assert done.code == 1
    assert 'migrations/0002_bad.sql:2:1 QP202 relation "bok" does not exist' in done.errors


@pytest.mark.slow
def test_run_prints_rows_as_a_table(shop: Project) -> None:
    done = shop.run("run", "books.cheap", "price=2")
    assert done.code == 0, done.errors
    assert [line.strip("│ ") for line in done.output.splitlines() if "│" in line] == ["Book 1", "Book 2"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("call", "printed"),
    [
        (["books.get", "book_id=2", "--json"], '{"book_id":2,"title":"Book 2","price":2.00}\n'),
        (["books.rename", "book_id=5", "title=5"], "1 row affected\n"),
    ],
)
def test_run_prints_the_answer(shop: Project, call: list[str], printed: str) -> None:
    done = shop.run("run", *call)
    assert (done.code, done.output) == (0, printed), done.errors


@pytest.mark.slow
@pytest.mark.parametrize(
    ("call", "said"),
    [
        (["books.get", "book_id=one"], "error: book_id: expected integer, got a text that is not JSON"),
        (["books.get", "book_id=99"], "error: NotFound: books.get found no row for these parameters"),
    ],
)
def test_run_says_what_is_wrong_with_a_call(shop: Project, call: list[str], said: str) -> None:
    done = shop.run("run", *call)
    assert (done.code, done.output) == (1, "")
    assert said in done.errors


@pytest.mark.slow
def test_run_shows_why_an_operation_does_not_compile(broken: Project) -> None:
    done = broken.run("run", "books.wrong")
    assert done.code == 1
    assert "books.wrong does not compile" in done.errors
    assert 'column "titel" does not exist' in done.errors


@pytest.mark.slow
def test_the_commands_work_on_a_database_of_ones_own(shop: Project, new_database: NewDatabase) -> None:
    url = new_database(
        "CREATE TABLE book (book_id int, title text, price numeric); INSERT INTO book VALUES (1, 'Own', 1)"
    )
    done = shop.run("check", "--database-url", url)
    assert done.code == 1
    assert "apply the migrations to it first" in done.errors
    apply_scripts(url, ())
    done = shop.run("check", "--database-url", url)
    assert (done.code, done.output) == (0, "5 operations, no errors\n")


@pytest.mark.slow
def test_migrate_brings_a_database_up_to_date(shop: Project, new_database: NewDatabase) -> None:
    url = new_database()
    done = run("migrate", "--database-url", url, project=shop.root)
    assert (done.code, done.output) == (0, "applied 0001_book.sql\n1 migration applied\n")
    done = run("migrate", "--database-url", url, project=shop.root)
    assert (done.code, done.output) == (0, "the database is up to date\n")
    assert shop.run("check", "--database-url", url).code == 0


@pytest.mark.slow
def test_a_database_that_does_not_answer_is_told(shop: Project) -> None:
    done = shop.run("check", "--database-url", "postgresql://nobody@127.0.0.1:1/none")
    assert done.code == 1
    assert "--database-url" in done.errors
    assert "Traceback" not in done.errors


@pytest.mark.slow
def test_a_folder_that_is_no_project_is_told(tmp_path: Path) -> None:
    done = run("check", project=tmp_path)
    assert done.code == 1
    assert "query files are kept in sql_queries/, and there is no such folder" in done.errors
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_a_data_directory_that_cannot_be_made_is_told(shop: Project, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = run("check", project=shop.root, data_dir=tmp_path / "file" / "data")
    assert done.code == 1
    assert "choose another with --data-dir" in done.errors


@pytest.mark.slow
def test_a_wrong_command_line_has_its_own_exit_code() -> None:
    assert subprocess.run([QUERYPORT, "init", "--fast"], capture_output=True, check=False).returncode == 2


@pytest.mark.slow
def test_the_version_is_told() -> None:
    done = subprocess.run([QUERYPORT, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == "queryport 0.1.0\n"


@pytest.mark.slow
def test_list_explains_where_each_setting_comes_from(shop: Project) -> None:
    write(
        shop.root,
        {"sql_queries/books/_folder.yaml": "allow: [jwt, direct]\nparams:\n  book_id: {description: Of a book}\n"},
    )
    done = shop.run("list", "--explain", "books.get")
    assert done.code == 0, done.errors
    lines = done.output.splitlines()
    assert lines[0] == "books.get"
    assert '  allow: ["jwt", "direct"]  (' in done.output
    assert any(line.endswith("sql_queries/books/_folder.yaml:1)") for line in lines)
    assert any("params.book_id.description" in line and line.endswith("_folder.yaml:3)") for line in lines)
    assert lines[-1] == "  access: jwt, direct"


@pytest.mark.slow
def test_check_says_who_may_call_and_what_is_open(shop: Project) -> None:
    write(
        shop.root,
        {
            "sql_queries/books/_folder.yaml": "allow: [anyone]\n",
            "sql_queries/safe.sql": "-- allow: [key]\n-- rls: true\n-- hidden: true\nSELECT 1 AS one",
        },
    )
    done = shop.run("check", "--explain-access")
    assert "queryport.purge_idempotency_keys: direct; not over HTTP" in done.output
    assert "safe: key; hidden; the statement sets the claims itself" in done.output
    assert "open to anyone: books." in done.output
