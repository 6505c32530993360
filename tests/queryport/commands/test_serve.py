"""`queryport serve` as its user meets it: a process, its terminal, HTTP, and files that are saved."""

import re
import shlex
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import psutil
import psycopg
import pytest
from click.testing import CliRunner

from queryport.commands.main import queryport
from queryport.local.lambda_environments import ENVIRONMENTS
from tests.support.data_api import Api
from tests.support.databases import NewDatabase, executes
from tests.support.descriptors import descriptors
from tests.support.projects import BOOKSHOP, ENVIRONMENT, Served, eventually, living, run, write


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """On a project with a handler of its own, as many a Lambda has: Queryport's is called, whatever the path says."""
    theirs = {
        "handler/__init__.py": "",
        "handler/main.py": "def lambda_handler(event, context):\n    return 'theirs'\n",
    }
    project = write(tmp_path_factory.mktemp("shop"), BOOKSHOP | theirs)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(ENVIRONMENT, "PYTHONPATH", str(project))
        with Served(project, by_script=True) as served:
            yield served


def test_an_operation_that_exists_only_as_a_file_is_answered(served: Served) -> None:
    answer = served.client.get("/books/3")
    assert (answer.status_code, answer.json()) == (200, {"data": {"book_id": 3, "title": "Book 3", "price": 3.0}})
    assert served.value("books.cheap", price=2) == [{"title": "Book 1"}, {"title": "Book 2"}]


def test_the_operations_are_shown(served: Served) -> None:
    table = [line.split() for line in served.output.splitlines()]
    assert ["books.get", "GET", "/books/{book_id}", "book_id", "integer", "one"] in table
    assert ["books.cheap", "POST", "/operations/books.cheap", "price", "number", "many"] in table
    assert "5 operations, no errors" in served.output


def test_the_curl_line_works_when_pasted(served: Served) -> None:
    line = served.output.split("Try it:\n")[1].splitlines()[0]
    answer = subprocess.run(shlex.split(line), capture_output=True, check=True)
    assert answer.stdout == b'{"data":5}'


def _database_url(served: Served) -> str:
    return shlex.split(served.printed("PostgreSQL"))[1]


@pytest.mark.slow
def test_a_key_that_is_made_while_it_runs_is_taken(served: Served) -> None:
    partners = {
        "sql_queries/stock.sql": "-- http: GET /stock\n-- allow: [key:partner-*]\n-- result: value\nSELECT 5 AS n\n"
    }
    write(served.project, partners)
    eventually(lambda: served.client.get("/stock").status_code == 403)
    made = CliRunner().invoke(queryport, ["key", "new", "partner-a", "--local", "--project", str(served.project)])
    key = re.findall(r"^  (qp_\S+)$", made.output, re.MULTILINE)[0]
    stock = served.client.get("/stock", headers={"x-api-key": key})
    assert (stock.status_code, stock.json()) == (200, {"data": 5})
    assert served.client.get("/stock", headers={"x-api-key": key + "x"}).status_code == 401
    (served.project / "sql_queries/stock.sql").unlink()
    eventually(lambda: served.client.get("/stock").status_code == 404)


@pytest.mark.slow
def test_the_database_can_be_reached_as_shown(served: Served) -> None:
    with psycopg.connect(_database_url(served)) as connection:
        assert connection.execute("SELECT count(*) FROM book").fetchone() == (5,)


def test_calls_run_as_a_role_that_is_no_superuser(served: Served) -> None:
    with Api(served.printed("RDS Data API"), "app") as api:
        assert api.rows("SELECT rolname, rolsuper FROM pg_roles WHERE rolname = current_user") == [
            [{"stringValue": "queryport_caller"}, {"booleanValue": False}]
        ]
        for statement, sqlstate in {
            "COPY (SELECT 1) TO PROGRAM 'true'": "42501",
            "SET ROLE postgres": "42501",
            "SET SESSION AUTHORIZATION postgres": "42501",
            "SELECT pg_read_file('/etc/passwd')": "42501",
            "CREATE FUNCTION lower(text) RETURNS text LANGUAGE sql AS 'SELECT $1'": "42501",
            "CREATE TRIGGER t BEFORE UPDATE ON book EXECUTE FUNCTION suppress_redundant_updates_trigger()": "42501",
            "ALTER TABLE book OWNER TO queryport_caller": "42501",
        }.items():
            assert api.refusal(statement).message.endswith(f"SQLState: {sqlstate}"), statement
        transaction = api.begin()
        for statement in (
            "CREATE TEMP TABLE mine AS SELECT * FROM book",
            "UPDATE book SET title = title",
            "TRUNCATE book",
            "LOCK TABLE book",
            "ANALYZE book",
        ):
            api.execute(statement, transactionId=transaction)
        api.rollback(transaction)


def test_calls_are_shown(served: Served) -> None:
    served.client.get("/books/2")
    served.client.get("/nowhere")
    eventually(lambda: "200  GET /books/2" in served.output and "404  GET /nowhere" in served.output)


@pytest.mark.slow
def test_the_handlers_log_is_kept(served: Served) -> None:
    served.client.get("/books/4")
    log = served.project / ".queryport" / "handler.log"
    eventually(lambda: '"operation":"books.get"' in log.read_text())


@pytest.mark.slow
def test_a_slow_query_holds_up_no_other(served: Served) -> None:
    slow = threading.Thread(target=served.call, args=["books.wait"], kwargs={"seconds": 60})
    slow.start()
    with psycopg.connect(_database_url(served), autocommit=True) as connection:
        sleeping = (
            "FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%pg_sleep%' AND pid <> pg_backend_pid()"
        )
        eventually(lambda: connection.execute(f"SELECT count(*) {sleeping}").fetchone() == (1,))
        assert served.value("books.count") == 5
        assert slow.is_alive()
        connection.execute(f"SELECT pg_cancel_backend(pid) {sleeping}")
    slow.join()


@pytest.mark.slow
def test_a_handler_that_dies_is_a_bad_gateway_and_then_replaced(served: Served) -> None:
    answers: list[int] = []
    call = threading.Thread(target=lambda: answers.append(served.call("books.wait", seconds=60).status_code))
    call.start()
    eventually(lambda: executes(_database_url(served), "pg_sleep"))
    for process in served.family():
        with suppress(psutil.NoSuchProcess):  # some session's, which has just ended
            if "queryport.local.lambda_process" in process.cmdline():
                process.kill()
    call.join()
    assert answers == [502]
    eventually(lambda: "Runtime.ExitError" in served.output)
    eventually(lambda: served.value("books.count") == 5)


def test_a_saved_file_is_taken_up_at_once(served: Served) -> None:
    write(
        served.project, {"sql_queries/books/count.sql": "-- result: value\nSELECT count(*) * 10 AS books FROM book\n"}
    )
    eventually(lambda: served.value("books.count") == 50)
    eventually(lambda: "books.count changed" in served.output)
    write(served.project, {"sql_queries/books/count.sql": BOOKSHOP["sql_queries/books/count.sql"]})
    eventually(lambda: served.value("books.count") == 5)


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(psutil.Process, "memory_maps"), reason="no system that tells mapped files")
def test_the_catalogues_of_earlier_saves_are_removed(served: Served) -> None:
    path = served.project / "sql_queries/counter.sql"

    def kept() -> list[int]:
        mapped: set[Path] = set()
        for process in served.family()[1:]:
            with suppress(psutil.NoSuchProcess):  # likewise
                mapped |= {Path(one.path) for one in process.memory_maps()}
        (versions,) = {file.parent.parent for file in mapped if file.name.startswith("catalog.json")}
        return sorted(int(version.name) for version in versions.iterdir())

    assert served.value("books.count") == 5  # a process maps its catalogue with its first call
    first = kept()[0]
    for number in range(3):
        path.write_text(f"-- result: value\nSELECT {number} AS n\n")
        eventually(lambda: served.value("counter") == number)  # noqa: B023 (ends first)
    assert len(kept()) <= 3
    assert kept()[0] > first
    path.unlink()
    eventually(lambda: served.call("counter").status_code == 404)


@pytest.mark.slow
def test_files_come_and_go(served: Served) -> None:
    write(served.project, {"sql_queries/new/one.sql": "-- result: value\nSELECT 1 AS one\n"})
    eventually(lambda: served.value("new.one") == 1)
    (served.project / "sql_queries/new/one.sql").unlink()
    eventually(lambda: served.call("new.one").status_code == 404)


def test_a_broken_file_says_so_and_the_others_go_on(served: Served) -> None:
    file = "sql_queries/books/get.sql"
    write(served.project, {file: BOOKSHOP[file].replace("title", "titel")})
    eventually(lambda: served.client.get("/books/1").status_code == 500)
    answer = served.client.get("/books/1")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "DoesNotCompile"
    assert 'get.sql:3:17: QP202 column "titel" does not exist' in answer.json()["detail"]
    assert served.call("books.get", book_id=1).json()["code"] == "DoesNotCompile"
    assert served.value("books.count") == 5
    eventually(lambda: "3 | SELECT book_id, titel, price" in served.output)
    write(served.project, {file: BOOKSHOP[file]})
    eventually(lambda: served.client.get("/books/1").status_code == 200)
    eventually(lambda: "all is well again" in served.output)


@pytest.mark.slow
@pytest.mark.parametrize("place", ["sql_queries/late.sql", "migrations/R_late.sql"])
def test_a_link_to_nothing_is_told_and_taken_up_when_its_file_is_there(
    served: Served, tmp_path: Path, place: str
) -> None:
    link, file = served.project / place, tmp_path / "late.sql"
    link.symlink_to(file)
    eventually(lambda: re.search(rf"{place}.*it is a link to a file that does not exist", served.output) is not None)
    assert served.value("books.count") == 5
    before = served.output.count("all is well again")
    file.write_text("SELECT 1 AS late")  # which no watch of the project shows
    eventually(lambda: served.output.count("all is well again") > before)
    link.unlink()
    eventually(lambda: served.call("late").status_code == 404)


_MENDED = "-- result: value\n-- http: GET /mended/{}\nSELECT {} AS n\n"
_EVENTS = "/2015-03-31/functions/queryport/invocations"
_BODIES = {_EVENTS: {"operation": "mended"}}
_BROKEN = "-- result: value\n-- http: GET /mended/{}\nSELECT {} AS n FROM nowhere\n"


@pytest.mark.slow
def test_at_every_moment_an_operation_answers_or_is_said_not_to_compile(served: Served) -> None:
    """By its route, by its name and as an event, while its file is broken and mended five times."""
    path = served.project / "sql_queries/mended.sql"
    path.write_text(_BROKEN.format("a", 0))
    eventually(lambda: served.call("mended").status_code == 500)  # it has never compiled
    with _polled(served, "/operations/mended") as seen:
        path.write_text(_MENDED.format("a", 0))
        eventually(lambda: served.value("mended") == 0)
    assert seen == ["DoesNotCompile", "200"]
    with (
        _polled(served, "/mended/a") as by_route,
        _polled(served, "/operations/mended") as by_name,
        _polled(served, _EVENTS) as as_event,
    ):
        for number in range(1, 6):
            path.write_text(_BROKEN.format("a", number))
            eventually(lambda: served.call("mended").status_code == 500)
            path.write_text(_MENDED.format("a", number))
            eventually(lambda: served.value("mended") == number)  # noqa: B023 (ends first)
    assert set(by_route) == set(by_name) == set(as_event) == {"DoesNotCompile", "200"}


@pytest.mark.slow
def test_a_broken_operation_has_its_last_route_until_it_has_another_or_is_gone(served: Served) -> None:
    path = served.project / "sql_queries/mended.sql"
    path.write_text(_MENDED.format("a", 0))
    eventually(lambda: served.client.get("/mended/a").status_code == 200)
    with _polled(served, "/mended/a") as old, _polled(served, "/operations/mended") as by_name:
        path.write_text(_BROKEN.format("b", 1))
        eventually(lambda: served.call("mended").status_code == 500)
        path.write_text(_MENDED.format("b", 1))
        eventually(lambda: served.client.get("/mended/b").status_code == 200)
    assert old == ["200", "DoesNotCompile", "UnknownOperation"]
    assert by_name == ["200", "DoesNotCompile", "200"]
    with _polled(served, "/mended/b") as removed:
        path.write_text(_BROKEN.format("b", 2))
        eventually(lambda: served.client.get("/mended/b").status_code == 500)
        path.unlink()
        eventually(lambda: served.client.get("/mended/b").status_code == 404)
    assert removed == ["200", "DoesNotCompile", "UnknownOperation"]


@contextmanager
def _polled(served: Served, path: str) -> Iterator[list[str]]:
    """Request a path in a loop for the length of a with block, and collect the codes of its answers as they change."""
    seen: list[str] = []
    over = threading.Event()

    def poll() -> None:
        with httpx.Client(base_url=served.client.base_url, timeout=30) as client:
            is_last = False
            while not is_last:
                is_last = over.is_set()
                answer = (
                    client.get(path) if path.startswith("/mended") else client.post(path, json=_BODIES.get(path, {}))
                )
                content = answer.json()
                code = str(content.get("errorType") or content.get("code") or answer.status_code)
                if seen[-1:] != [code]:
                    seen.append(code)

    thread = threading.Thread(target=poll)
    thread.start()
    eventually(lambda: bool(seen))
    try:
        yield seen
    finally:
        over.set()
        thread.join()


def _add_pages(served: Served) -> None:
    """Change a row by hand, and add a column by a migration."""
    served.call("books.rename", book_id=1, title="Changed by hand")
    write(
        served.project,
        {
            "migrations/0002_pages.sql": "ALTER TABLE book ADD pages int NOT NULL DEFAULT 100;",
            "sql_queries/books/pages.sql": "SELECT title, pages FROM book WHERE book_id = 1\n",
        },
    )
    eventually(lambda: served.value("books.pages") == [{"title": "Changed by hand", "pages": 100}])


@pytest.mark.slow
def test_a_new_migration_is_applied_to_the_data(served: Served) -> None:
    _add_pages(served)


@pytest.mark.slow
def test_an_edited_migration_makes_a_new_database_while_the_old_one_answers(served: Served) -> None:
    _add_pages(served)
    write(served.project, {"migrations/0002_pages.sql": "ALTER TABLE book ADD pages int NOT NULL DEFAULT 200;"})
    seen: list[object] = []

    def swapped() -> bool:
        seen.append(served.value("books.pages"))
        return seen[-1] == [{"title": "Book 1", "pages": 200}]

    eventually(swapped)
    assert seen[0] == [{"title": "Changed by hand", "pages": 100}]
    assert None not in seen
    assert "applied 0002_pages.sql to the database app" in served.output
    eventually(
        lambda: "0002_pages.sql was edited after it ran on this database: the database app is kept" in served.output
    )
    # The branch is switched back, and has its own data.
    write(served.project, {"migrations/0002_pages.sql": "ALTER TABLE book ADD pages int NOT NULL DEFAULT 100;"})
    eventually(lambda: served.value("books.pages") == [{"title": "Changed by hand", "pages": 100}])


@pytest.mark.slow
def test_a_broken_migration_is_shown_and_changes_nothing(served: Served) -> None:
    write(served.project, {"migrations/0003_broken.sql": "ALTER TABLE bok ADD x int;"})
    eventually(lambda: 'migrations/0003_broken.sql:1:1 QP202 relation "bok" does not exist' in served.output)
    assert served.value("books.count") == 5
    told = served.output.count("the operations of the last save without it are served")
    write(served.project, {"sql_queries/books/count.sql": "-- result: value\nSELECT 6 AS count\n"})
    eventually(lambda: served.output.count("the operations of the last save without it are served") > told)
    assert served.value("books.count") == 5
    write(served.project, {"sql_queries/books/count.sql": BOOKSHOP["sql_queries/books/count.sql"]})
    wells = served.output.count("all is well again")
    (served.project / "migrations/0003_broken.sql").unlink()
    eventually(lambda: served.output.count("all is well again") > wells)


@pytest.mark.slow
def test_the_settings_are_followed(served: Served) -> None:
    write(served.project, {"queryport.toml": 'querys = "other"\n'})
    eventually(lambda: "unknown key querys: did you mean queries?" in served.output)
    write(
        served.project,
        {"other/one.sql": "-- result: value\nSELECT 1 AS one\n", "queryport.toml": 'queries = "other"\n'},
    )
    eventually(lambda: served.value("one") == 1)
    write(served.project, {"other/one.sql": "-- result: value\nSELECT 2 AS one\n"})
    eventually(lambda: served.value("one") == 2)
    (served.project / "queryport.toml").unlink()
    eventually(lambda: served.value("books.count") == 5)


@pytest.mark.slow
def test_another_command_shares_the_server_and_leaves_it_running(served: Served) -> None:
    done = run("run", "books.count", project=served.project)
    assert (done.code, done.output) == (0, "5\n")
    assert served.value("books.count") == 5


@pytest.mark.slow
@pytest.mark.parametrize("left", [0, 3, 10])
def test_it_goes_on_when_descriptors_had_run_out(served: Served, left: int) -> None:
    """After PostgreSQL's death, and a save into a new folder, that both came to nothing for want of them."""
    added = served.project / f"sql_queries/late{left}/one.sql"
    with psycopg.connect(_database_url(served), autocommit=True) as connection:
        connection.execute("CHECKPOINT")  # commits of the last moment are not kept
    database = [process for process in served.family() if process.name() == "postgres"]
    with descriptors(left, served.process.pid):
        for process in database:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        write(served.project, {str(added.relative_to(served.project)): "-- result: value\nSELECT 1 AS one\n"})
        time.sleep(3)
    eventually(lambda: served.value(f"late{left}.one") == 1)
    added.write_text("-- result: value\nSELECT 2 AS one\n")
    eventually(lambda: served.value(f"late{left}.one") == 2)
    assert served.value("books.count") == 5
    assert "Traceback" not in served.output
    added.unlink()
    added.parent.rmdir()
    eventually(lambda: served.call(f"late{left}.one").status_code == 404)


def _answers_of_many(served: Served) -> Callable[[], list[int | None]]:
    """Begin more calls than run at once; return what waits for their answers, of which None is none."""
    answers: list[int | None] = []

    def call() -> None:
        try:
            answers.append(served.call("books.wait", seconds=60).status_code)
        except httpx.TransportError:
            answers.append(None)

    calls = [threading.Thread(target=call) for _ in range(ENVIRONMENTS + 4)]
    for each in calls:
        each.start()

    def joined() -> list[int | None]:
        for each in calls:
            each.join()
        return answers

    return joined


@pytest.mark.slow
def test_a_signal_stops_everything_and_the_data_is_kept(tmp_path: Path) -> None:
    write(tmp_path, BOOKSHOP)
    for number, title in ((signal.SIGINT, "Book 1"), (signal.SIGTERM, "Renamed")):
        with Served(tmp_path) as served:
            assert served.client.get("/books/1").json()["data"]["title"] == title
            served.call("books.rename", book_id=1, title="Renamed")
            answers = _answers_of_many(served)
            standing = socket.create_connection(("127.0.0.1", served.client.base_url.port or 0))
            standing.sendall(b"POST /operations/books.count HTTP/1.1\r\nhost: localhost\r\ncontent-length: 2\r\n\r\n{")
            eventually(lambda: executes(_database_url(served), "pg_sleep"))
            family = served.family()
            assert any(process.name() == "postgres" for process in family)
            with standing:
                served.stop(number)
            assert set(answers()) <= {503, None}
            assert served.process.returncode == 0
            assert served.output.splitlines()[-1] == "stopped"
            assert "Traceback" not in served.output
        _, alive = psutil.wait_procs(family, timeout=30)
        assert living(alive) == []
    assert sorted(path.name for path in (tmp_path / ".queryport").iterdir()) == [
        ".gitignore",
        "compiled",
        "handler.log",
        "identity.pem",
        "postgres",
    ]


@pytest.mark.slow
def test_a_signal_during_the_start_leaves_nothing_behind(tmp_path: Path) -> None:
    served = Served(write(tmp_path, BOOKSHOP | {"seed/02_slow.sql": "SELECT pg_sleep(30);"}))
    eventually(lambda: "Seeding 02_slow.sql" in served.output, 30)
    family = served.family()
    served.stop()
    assert living(family) == []


@pytest.mark.slow
@pytest.mark.parametrize("option", ["--port", "--emulator-port"])
def test_a_taken_port_is_told_at_once_and_nothing_is_started(tmp_path: Path, option: str) -> None:
    write(tmp_path, BOOKSHOP)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = run("serve", "--port", "0", "--emulator-port", "0", option, str(port), project=tmp_path)
    assert done.code == 1
    told = re.search(
        rf"port {port} cannot be used \(Address already in use\): choose another, {option} (\d+) is free", done.errors
    )
    assert told is not None, done.errors
    assert port < int(told[1]) <= port + 100
    assert not (tmp_path / ".queryport").exists()


@pytest.mark.slow
def test_a_database_of_ones_own_is_migrated_seeded_and_never_replaced(
    tmp_path: Path, new_database: NewDatabase
) -> None:
    url = new_database()
    with Served(write(tmp_path, BOOKSHOP), "--database-url", url) as served:
        assert served.value("books.count") == 5
        assert not (tmp_path / ".queryport/postgres").exists()
        write(tmp_path, {"migrations/0001_book.sql": "CREATE TABLE book (book_id bigint PRIMARY KEY);"})
        eventually(lambda: "0001_book.sql was edited after it ran on this database" in served.output)
        assert served.value("books.count") == 5
