"""A project that is read again: what has not changed is not read, and the outcome is that of reading all of it."""

import os
import random
import time
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from queryport.compile import query_files
from queryport.compile.compiler import compile_files
from queryport.compile.project_files import BUILT_IN, ProjectFiles, ProjectReader, read_project
from queryport.compile.read.earlier_reading import ChangedMeanwhileError
from queryport.compile.read.regular_file import read_bytes
from queryport.compile.read.sealed_file import write_sealed
from queryport.compile.read.stamps import _key, read_stamps
from queryport.diagnostics.reporter import Reporter
from tests.support.clock import later, next_tick
from tests.support.seeds import seeds

if TYPE_CHECKING:
    from collections.abc import Callable

_TEXTS = ("SELECT 1 AS a", "SELECT 2 AS a", "SELECT 1 AS é", "", "-- x: [\n", "\ufeffSELECT 3 AS a")
_FOLDERS = ("allow: [anyone]\n", "allow: [signed]\n", "nonsense: 1\n", "{", "")


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that are read, on a clock by which no change is of this moment."""
    names: list[str] = []

    def noting(path: str, reporter: Reporter) -> bytes | None:
        names.append(Path(path).name)
        return read_bytes(path, reporter)

    monkeypatch.setattr(query_files, "read_bytes", noting)
    monkeypatch.setattr(time, "time_ns", later)
    return names


def _write(root: Path, names: str) -> None:
    for name in names.split():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("SELECT 1 AS a")


def test_of_many_files_the_changed_one_alone_is_read(tmp_path: Path, reads: list[str]) -> None:
    queries, other = tmp_path / "queries", tmp_path / "other.sql"
    _write(queries, "a/one.sql a/two.sql b/three.sql")
    other.write_text("SELECT 4 AS d")
    reader = ProjectReader()
    one = queries / "a/one.sql"

    def with_its_times() -> None:
        before = one.stat()
        one.write_text("SELECT 9 AS a")  # as long as before
        os.utime(one, ns=(before.st_atime_ns, before.st_mtime_ns))

    steps: list[tuple[Callable[[], object], list[str]]] = [
        (lambda: None, ["one.sql", "three.sql", "two.sql", *(path.name for path in BUILT_IN.rglob("*.sql"))]),
        (lambda: None, []),
        (lambda: one.write_text("SELECT 2 AS a"), ["one.sql"]),
        (with_its_times, ["one.sql"]),
        (lambda: other.replace(one), ["one.sql"]),
        (lambda: one.rename(queries / "b/one.sql"), ["one.sql"]),
        (lambda: (queries / "b").rename(queries / "c"), ["one.sql", "three.sql"]),
        (lambda: (queries / "c/one.sql").unlink(), []),
        (lambda: (queries / "a/link.sql").symlink_to(queries / "c/three.sql"), ["link.sql"]),
        (lambda: (queries / "c/three.sql").write_text("SELECT 5 AS a"), ["link.sql", "three.sql"]),
        (lambda: (queries / "c/_folder.yaml").write_text("hidden: true\n"), []),
        (lambda: None, []),
    ]
    for number, (change, expected) in enumerate(steps):
        next_tick(tmp_path)
        change()
        reads.clear()
        files = reader.read(queries)
        assert sorted(reads) == sorted(expected), number
        assert files == read_project(queries)


def test_what_did_not_change_keeps_its_key(tmp_path: Path, reads: list[str]) -> None:
    _write(tmp_path, "a/one.sql a/two.sql b/three.sql")
    (tmp_path / "a/_folder.yaml").write_text("hidden: true\n")
    reader = ProjectReader()
    before = {text.name: text for text in reader.read(tmp_path).texts}
    next_tick(tmp_path)
    (tmp_path / "a/one.sql").write_text("SELECT 2 AS a")
    again = {text.name: text for text in reader.read(tmp_path).texts}
    assert [name for name in before if again[name] is not before[name]] == ["a.one"]
    (tmp_path / "a/_folder.yaml").write_text("hidden: false\n")
    changed = {text.name: text for text in reader.read(tmp_path).texts}
    assert sorted(name for name in again if changed[name] is not again[name]) == ["a.one", "a.two"]
    assert changed["a.two"].key != again["a.two"].key
    assert "two.sql" in reads


def test_paths_are_shown_from_where_one_is(tmp_path: Path, reads: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    _write(tmp_path, "here/a/one.sql there/x.sql")
    reader = ProjectReader()
    for folder in ("here", "there", "here"):
        monkeypatch.chdir(tmp_path / folder)
        reads.clear()
        assert reader.read(tmp_path / "here") == read_project(tmp_path / "here")
        assert "one.sql" in reads


def _edit(root: Path, chance: random.Random) -> None:
    folder = root / chance.choice(["", "a", "a/b", "c"])
    folder.mkdir(parents=True, exist_ok=True)
    files = sorted(path for path in root.rglob("*.*") if path.is_file() or path.is_symlink())
    name = chance.choice(["q1.sql", "q2.sql", "Q1.sql", "q 3.sql", "q4.SQL", "_folder.yaml"])
    if name == "_folder.yaml":
        (folder / name).write_text(chance.choice(_FOLDERS))
        return
    match chance.randrange(9):
        case 0 | 1 | 2:
            (folder / name).write_text(chance.choice(_TEXTS))
        case 3:
            (folder / name).write_bytes(b"SELECT '\xff'")
        case 4 if files:
            chance.choice(files).unlink()
        case 5 if files:
            path = chance.choice(files)
            path.rename(folder / path.name)
        case 6 if files and not (folder / name).is_symlink():
            (folder / name).unlink(missing_ok=True)
            (folder / name).symlink_to(chance.choice(files))
        case 7 if files:
            one, two = chance.choice(files), chance.choice(files)
            one.rename(root / "between")
            if two != one:
                two.rename(one)
            (root / "between").rename(two)
        case _ if (root / "a").is_dir() and not (root / "d").exists():
            (root / "a").rename(root / "d")


@pytest.mark.parametrize("seed", seeds(1, slow=2, long=40))
@pytest.mark.usefixtures("reads")
def test_after_any_edits_the_outcome_is_that_of_reading_everything(seed: int, tmp_path: Path) -> None:
    chance, queries = random.Random(seed), tmp_path / "queries"  # noqa: S311 (edits, no secrets)
    queries.mkdir()
    reader = ProjectReader()
    for _ in range(40):
        next_tick(tmp_path)
        for _ in range(chance.randrange(1, 5)):
            with suppress(OSError):  # nothing can be written through links that lead in a circle
                _edit(queries, chance)
        everything = read_project(queries)
        assert reader.read(queries) == everything
        command = ProjectReader(tmp_path / "files.read")
        assert _told(command.read(queries)) == _told(everything)
        command.keep()


def _told(files: ProjectFiles) -> tuple[object, ...]:
    """All that is known of files, their texts included."""
    texts = [(text.name, text.key, text.source.path, text.source.text, text.folders) for text in files.texts]
    return texts, files.problems, files.folders


def _next_command(kept_in: Path, queries: Path) -> ProjectFiles:
    reader = ProjectReader(kept_in)
    files = reader.read(queries)
    reader.keep()
    return files


def test_the_next_command_reads_the_changed_file_alone(
    tmp_path: Path, reads: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    kept_in, queries = tmp_path / "kept/files.read", tmp_path / "queries"
    _write(queries, "a/one.sql a/two.sql b/three.sql")
    everything = ["one.sql", "three.sql", "two.sql", *(path.name for path in BUILT_IN.rglob("*.sql"))]
    left = [name for name in everything if name != "two.sql"]
    monkeypatch.setattr(os, "getegid", lambda: 7)
    monkeypatch.setattr(os, "getgroups", lambda: [8, 7])
    steps: list[tuple[Callable[[], object], list[str]]] = [
        (lambda: None, everything),
        (lambda: None, []),
        (lambda: (queries / "a/one.sql").write_text("SELECT 2 AS a"), ["one.sql"]),
        (lambda: monkeypatch.chdir(queries), []),
        (lambda: (queries / "a/two.sql").unlink(), []),
        (lambda: kept_in.write_bytes(kept_in.read_bytes()[:-1]), left),
        (lambda: monkeypatch.setattr(os, "getgroups", lambda: [7, 8]), []),
        (lambda: monkeypatch.setattr(os, "getgroups", lambda: [7]), left),
        (lambda: monkeypatch.setattr(os, "getegid", lambda: 9), left),
        (lambda: monkeypatch.setattr(os, "geteuid", lambda: 4711), left),
    ]
    for number, (change, expected) in enumerate(steps):
        next_tick(tmp_path)
        change()
        reads.clear()
        files = _next_command(kept_in, queries)
        assert sorted(reads) == sorted(expected), number
        assert _told(files) == _told(read_project(queries))


@pytest.mark.parametrize("length", [0, 1, 44, 63, 65, 127])
def test_a_list_of_another_form_holds_nothing(tmp_path: Path, length: int) -> None:
    write_sealed(tmp_path / "files.read", _key(), [bytes(length)])
    assert read_stamps(tmp_path / "files.read") == {}


def test_a_list_that_cannot_be_written_is_as_none(tmp_path: Path) -> None:
    _write(tmp_path / "queries", "one.sql")
    (tmp_path / "kept").write_text("a file where the folder would be")
    for _ in range(2):
        files = _next_command(tmp_path / "kept/files.read", tmp_path / "queries")
        assert _told(files) == _told(read_project(tmp_path / "queries"))


@pytest.mark.usefixtures("reads")
@pytest.mark.parametrize("content", [b"SELECT 2 AS a", b"'\xff'", None])
def test_a_text_that_is_not_what_it_was_is_refused(tmp_path: Path, schema_url: str, content: bytes | None) -> None:
    kept_in, path = tmp_path / "files.read", tmp_path / "queries/one.sql"
    _write(tmp_path, "queries/one.sql queries/two.sql")
    _next_command(kept_in, path.parent)
    known = {text.name: text for text in _next_command(kept_in, path.parent).texts}
    if content is None:
        path.unlink()
    else:
        path.write_bytes(content)
    assert known["two"].source.text == "SELECT 1 AS a"
    with pytest.raises(ChangedMeanwhileError, match=r"one\.sql was changed while the command ran: run it again"):
        compile_files([known["two"], known["one"]], schema_url)


def test_a_change_within_a_tick_of_a_coarse_clock_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stat, step = os.stat, 2_000_000_000

    def coarse(path: str, **options: bool) -> SimpleNamespace:
        found = stat(path, **options)
        told = {name: getattr(found, name) for name in dir(found) if name.startswith("st_")}
        return SimpleNamespace(**told | {name: told[name] // step * step for name in ("st_mtime_ns", "st_ctime_ns")})

    monkeypatch.setattr(os, "stat", coarse)
    reader, path, kept_in = ProjectReader(), tmp_path / "one.sql", tmp_path / "files.read"
    for number in range(30):
        text = f"SELECT {number:03} AS a"
        path.write_text(text)
        for files in (reader.read(tmp_path), _next_command(kept_in, tmp_path)):
            (found,) = [each for each in files.texts if each.name == "one"]
            assert found.source.text == text
