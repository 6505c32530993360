"""What may lie in a folder of query files, and what may happen in it while it is read."""

import os
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from queryport.compile import Compilation, CompileCache, compile_project, compiler
from queryport.compile.compiled_file import CompiledFile, compile_file
from queryport.compile.describe.database import Database
from queryport.diagnostics.source import Source
from queryport.migrations.runner import apply_scripts

GOOD = "SELECT 1 AS a"


@pytest.fixture
def compiled(tmp_path: Path, schema_url: str) -> Callable[[], Compilation]:
    (tmp_path / "good.sql").write_text(GOOD)
    return lambda: compile_project(tmp_path, schema_url)


def found(compilation: Compilation) -> list[tuple[str, str]]:
    return [(problem.path.name, problem.code) for problem in compilation.problems]


def test_what_is_no_file_to_read(tmp_path: Path, compiled: Callable[[], Compilation]) -> None:
    (tmp_path / "folder.sql").mkdir()
    (tmp_path / ".#good.sql").symlink_to("someone@host.123:456")
    (tmp_path / ".hidden").mkdir()
    (tmp_path / ".hidden" / "x.sql").write_text(GOOD)
    (tmp_path / "gone.sql").symlink_to("nothing.sql")
    (tmp_path / "circle.sql").symlink_to("circle.sql")
    os.mkfifo(tmp_path / "pipe.sql")
    compilation = compiled()
    assert found(compilation) == [("circle.sql", "QP009"), ("gone.sql", "QP009"), ("pipe.sql", "QP009")]
    assert [operation.name for operation in compilation.operations] == ["good"]


def test_names_that_make_no_operation(tmp_path: Path, compiled: Callable[[], Compilation]) -> None:
    (tmp_path / "order-items").mkdir()
    (tmp_path / "order-items" / "list.sql").write_text(GOOD)
    (tmp_path / "upper.SQL").write_text(GOOD)
    (tmp_path / "note.sql.txt").write_text(GOOD)
    (tmp_path / "kept.sql~").write_text(GOOD)
    (tmp_path / os.fsdecode(b"bytes\xff.sql")).write_text(GOOD)
    compilation = compiled()
    assert sorted(found(compilation)) == [
        ("bytes\ufffd.sql", "QP006"),
        ("list.sql", "QP006"),
        ("note.sql.txt", "QP011"),
        ("upper.SQL", "QP011"),
    ]
    by_name = {problem.path.name: problem for problem in compilation.problems}
    assert by_name["list.sql"].cure == "call it `order_items`"
    assert by_name["upper.SQL"].cure == "call it `upper.sql`, or move it out of the folder"
    assert by_name["note.sql.txt"].cure == "call it `note.sql`, or move it out of the folder"
    for problem in compilation.problems:
        problem.render(color=True).encode()


def test_a_file_or_folder_that_may_not_be_read(
    tmp_path: Path, compiled: Callable[[], Compilation], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "shut.sql").write_text(GOOD)
    (tmp_path / "closed").mkdir()
    read, scan = Path.read_bytes, os.scandir

    # The suite may be run by root, whom no permission holds off.
    def read_bytes(path: Path) -> bytes:
        if path.name == "shut.sql":
            raise PermissionError(13, "Permission denied", str(path))
        return read(path)

    def scandir(path: str) -> object:
        if Path(path).name == "closed":
            raise PermissionError(13, "Permission denied", str(path))
        return scan(path)

    monkeypatch.setattr(Path, "read_bytes", read_bytes)
    monkeypatch.setattr(os, "scandir", scandir)
    compilation = compiled()
    assert found(compilation) == [("closed", "QP009"), ("shut.sql", "QP009")]
    assert "Permission denied" in compilation.problems[0].message
    assert [operation.name for operation in compilation.operations] == ["good"]


def test_a_file_that_goes_away_is_as_one_that_never_was(
    tmp_path: Path, compiled: Callable[[], Compilation], monkeypatch: pytest.MonkeyPatch
) -> None:
    read = Path.read_bytes
    (tmp_path / "fleeting.sql").write_text(GOOD)

    def read_bytes(path: Path) -> bytes:
        (tmp_path / "fleeting.sql").unlink(missing_ok=True)
        return read(path)

    monkeypatch.setattr(Path, "read_bytes", read_bytes)
    compilation = compiled()
    assert (compilation.problems, [operation.name for operation in compilation.operations]) == ((), ["good"])


def test_a_folder_that_is_not_there_has_no_files(tmp_path: Path, schema_url: str) -> None:
    assert compile_project(tmp_path / "nowhere", schema_url).operations == ()


def test_an_exception_in_one_file_is_that_files_problem(
    tmp_path: Path, schema_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("bad", "good"):
        (tmp_path / f"{name}.sql").write_text(f"{GOOD} -- {name}")

    def fail(database: Database, source: Source, name: str) -> CompiledFile:
        if name == "bad":
            with database.rehearsal():
                raise KeyError("a defect")
        return compile_file(database, source, name)

    monkeypatch.setattr(compiler, "compile_file", fail)
    cache: CompileCache = {}
    compilation = compile_project(tmp_path, schema_url, cache)
    (problem,) = compilation.problems
    assert (problem.code, problem.path.name) == ("QP010", "bad.sql")
    assert "KeyError in test_folders.py:" in problem.message
    assert "please report" in problem.cure
    assert [operation.name for operation in compilation.operations] == ["good"]
    monkeypatch.undo()
    assert compile_project(tmp_path, schema_url, cache).problems == ()  # a failure is not remembered


def test_a_database_that_goes_away_is_no_problem_of_a_file(
    tmp_path: Path, new_database: Callable[[Path | str | None], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "good.sql").write_text(GOOD)
    url = new_database(None)
    apply_scripts(url, ())

    def cut_off(database: Database, source: Source, name: str) -> CompiledFile:
        with psycopg.connect(url, autocommit=True) as other:
            other.execute(
                "SELECT pg_terminate_backend(pid, 1000) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        return compile_file(database, source, name)

    monkeypatch.setattr(compiler, "compile_file", cut_off)
    with pytest.raises(psycopg.OperationalError):
        compile_project(tmp_path, url)
