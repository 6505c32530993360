"""The compile cache: a cached result is a cold one's, byte for byte, whatever lies in its file."""

import ast
import hashlib
import os
import random
import time
from collections.abc import Callable, Sequence
from importlib.metadata import packages_distributions
from pathlib import Path
from threading import Thread

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.conninfo import make_conninfo

from queryport.compile import fingerprint
from queryport.compile.cache.cache import CompileCache
from queryport.compile.cache.cache_file import read_entries, write_entries
from queryport.compile.cache.entry import kept
from queryport.compile.cache.kept_lines import KeptLines, LostLinesError
from queryport.compile.cache.key import LIBRARIES, cache_key
from queryport.compile.compiled_file import CompiledFile
from queryport.compile.compiler import Compilation, compile_by, put_together
from queryport.compile.describe.database import Database
from queryport.compile.project_files import ProjectReader, read_project
from queryport.compile.write.emit import write_catalog
from tests.support.clock import later, next_tick
from tests.support.repository import ROOT
from tests.support.seeds import seeds

KEY = cache_key("a schema")
Entries = dict[str, CompiledFile]
EMPTY = hashlib.sha256(b"").hexdigest().encode()


def _compile(
    queries: Path, database: Database, directory: Path | None, *, whole: bool = True
) -> tuple[Compilation, int]:
    """Compile as a command that begins would; answer also how many files were compiled."""
    reader = ProjectReader(directory and directory / "files.read")
    result = _compile_again(queries, database, CompileCache(directory, whole=whole), reader)
    reader.keep()
    return result


def _compile_again(
    queries: Path, database: Database, cache: CompileCache, reader: ProjectReader
) -> tuple[Compilation, int]:
    """Compile as a command would that has compiled the same project before."""
    cache.open(KEY)
    files = reader.read(queries)
    compiled = cache.known(files.texts)
    unknown = [text for text in files.texts if text.key not in compiled]
    if unknown:
        compiled |= compile_by(database, unknown)
    cache.keep(files.texts, compiled)
    cache.write()
    return put_together(files, compiled), len(unknown)


def _told(compilation: Compilation, into: Path) -> tuple[bytes, list[str], str]:
    """All that a command shows and writes of a compilation."""
    write_catalog(into, compilation.catalogue, fingerprint(compilation.operations, "m"))
    return into.read_bytes(), [problem.render() for problem in compilation.problems], str(compilation.ok)


def _write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


GOOD = "-- result: maybe\nSELECT name FROM person WHERE person_id = :id\n"
TEXTS = (
    GOOD,
    "SELECT person_id, name FROM person WHERE name = :name\n",
    "-- http: GET /people/{id}\n-- result: maybe\nSELECT name FROM person WHERE person_id = :id\n",
    "-- params: {id: {minimum: 0.1, default: 1}}\nSELECT person_id FROM person WHERE person_id > :id\n",
    "UPDATE person SET name = :name WHERE person_id = :id\n",
    "INSERT INTO person (name) VALUES (:name) RETURNING person_id\n-- \u00e9\u4e2d\n",
    "SELECT nome FROM person\n",
    "SELECT * FROM person\n",
    "-- summary: [unclosed\nSELECT 1 AS one\n",
    "SELECT :a = 1 AND :a = 'x'::date AS odd\n",
    "-- silence: [QP304]\nSELECT * FROM visit\n",
    "",
    "BEGIN; SELECT 1;",
)
SETTINGS = (
    "",
    "allow: [anyone]\n",
    "prefix: /v1\n",
    "params: {id: {from: claims.id}}\n",
    "params: {name: {maxLength: 10}}\ntag: People\n",
    "idempotency: required\nkeep: 2h\n",
    "params: {id: {minimum: x}}\n",
    "nonsense: 1\n",
    "{",
)


def _edit(root: Path, chance: random.Random) -> None:
    folder = root / chance.choice(["", "a", "a/b", "c"])
    folder.mkdir(parents=True, exist_ok=True)
    files = sorted(path for path in root.rglob("*.*") if path.is_file())
    match chance.randrange(6):
        case 0 | 1 | 2:
            (folder / f"q{chance.randrange(4)}.sql").write_text(chance.choice(TEXTS))
        case 3:
            (folder / "_folder.yaml").write_text(chance.choice(SETTINGS))
        case 4 if files:
            chance.choice(files).unlink()
        case _ if files:
            path = chance.choice(files)
            path.rename(folder / path.name)


@pytest.mark.parametrize("seed", seeds(1, slow=2, long=12))
def test_a_cached_result_is_a_cold_ones(
    seed: int, tmp_path: Path, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    chance, queries = random.Random(seed), tmp_path / "queries"  # noqa: S311 (edits, no secrets)
    queries.mkdir()
    saved = 0
    running = CompileCache(None), ProjectReader()
    monkeypatch.setattr(time, "time_ns", later)
    for _ in range(15):
        next_tick(tmp_path)
        for _ in range(chance.randrange(1, 4)):
            _edit(queries, chance)
        cached, compiled = _compile(queries, database, tmp_path / "cache")
        cold, all_of_them = _compile(queries, database, None)
        expected = _told(cold, tmp_path / "cold.json")
        assert _told(cached, tmp_path / "cached.json") == expected
        again, _ = _compile_again(queries, database, *running)
        assert _told(again, tmp_path / "again.json") == expected
        saved += all_of_them - compiled
    assert saved > 10


def test_what_changed_is_compiled_and_nothing_else(tmp_path: Path, database: Database) -> None:
    queries, cache = tmp_path / "queries", tmp_path / "cache"
    _write(queries, {"a/one.sql": GOOD, "a/two.sql": GOOD, "b/three.sql": GOOD, "b/bad.sql": "SELECT nome FROM person"})
    steps: list[tuple[Callable[[], object], int]] = [
        (lambda: None, 5),  # the built-in one is a file too
        (lambda: None, 0),
        (lambda: (queries / "a/one.sql").touch(), 0),
        (lambda: (queries / "a/one.sql").write_text(GOOD + "\n"), 1),
        (lambda: (queries / "b/_folder.yaml").write_text("allow: [anyone]\n"), 2),
        (lambda: (queries / "b/three.sql").unlink(), 0),
        (lambda: (queries / "_folder.yaml").write_text("hidden: true\n"), 3),
        (lambda: (queries / "a/two.sql").rename(queries / "a/three.sql"), 1),
    ]
    for step, expected in steps:
        step()
        assert _compile(queries, database, cache)[1] == expected


def test_problems_point_at_where_the_files_are_now(
    tmp_path: Path, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    for root in ("here", "there"):
        files = {"a/_folder.yaml": "params: {gone: {minimum: 1}}\nidempotency: required\n", "a/x.sql": "SELECT nome"}
        _write(tmp_path / root / "queries", files)
        monkeypatch.chdir(tmp_path / root)
        compilation, compiled = _compile(tmp_path / root / "queries", database, tmp_path / "cache")
        assert {str(problem.path) for problem in compilation.problems} <= {"queries/a/_folder.yaml", "queries/a/x.sql"}
        assert compilation.problems
    assert compiled == 0
    monkeypatch.chdir(tmp_path)
    compilation, _ = _compile(tmp_path / "there/queries", database, tmp_path / "cache")
    assert {problem.path.parts[0] for problem in compilation.problems} == {"there"}


def test_a_borrowed_cache_leaves_the_entries_as_they_are(tmp_path: Path, database: Database) -> None:
    _write(tmp_path / "queries", {"one.sql": GOOD})
    _compile(tmp_path / "queries", database, tmp_path / "cache")
    before = (tmp_path / "cache" / f"{KEY}.cache").read_bytes()
    cache = CompileCache(tmp_path / "cache").borrowed()
    cache.open(KEY)
    files = read_project(tmp_path / "queries")
    assert len(cache.known(files.texts)) == 2
    cache.keep((), {})
    cache.write()
    assert (tmp_path / "cache" / f"{KEY}.cache").read_bytes() == before


def _entries(tmp_path: Path, database: Database) -> Entries:
    _write(tmp_path, {f"q{number}.sql": text for number, text in enumerate(TEXTS)})
    files = read_project(tmp_path)
    compiled = compile_by(database, files.texts)
    return {text.key: kept(text, compiled[text.key]) for text in files.texts}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory, database: Database) -> tuple[Path, Entries, bytes]:
    root = tmp_path_factory.mktemp("entries")
    entries, path = _entries(root, database), root / "file.cache"
    write_entries(path, KEY, entries)
    return path, entries, path.read_bytes()


def test_entries_are_read_as_they_were_written(written: tuple[Path, Entries, bytes]) -> None:
    path, entries, _ = written
    assert read_entries(path, KEY) == entries
    assert any(entry.problems for entry in entries.values())
    assert any(entry.encoded is not None and entry.encoded.http for entry in entries.values())


@pytest.mark.slow
@given(st.data())
@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
def test_a_damaged_file_has_no_entries(written: tuple[Path, Entries, bytes], data: st.DataObject) -> None:
    path, entries, content = written
    start = data.draw(st.integers(0, len(content)))
    end = data.draw(st.integers(start, min(len(content), start + 2000)))
    damaged = content[:start] + data.draw(st.binary(max_size=20)) + content[end:]
    other = path.with_name("damaged.cache")
    other.write_bytes(damaged)
    assert read_entries(other, KEY) == (entries if damaged == content else {})


@pytest.mark.parametrize("length", [0, 1, 64, 65, 100, -1])
def test_a_truncated_file_has_no_entries(written: tuple[Path, Entries, bytes], length: int) -> None:
    path, _, content = written
    other = path.with_name("truncated.cache")
    other.write_bytes(content[:length])
    assert read_entries(other, KEY) == {}


def _sealed(lines: Sequence[bytes]) -> bytes:
    """A file of these lines with a digest that is right, as only malice or another version makes it."""
    content = b"\n".join(lines)
    return hashlib.sha256(content).hexdigest().encode() + b"\n" + content


@pytest.mark.parametrize(
    "lines",
    [
        [],
        [KEY.encode(), b"{}"],
        [KEY.encode(), b"[]"],
        [KEY.encode(), b"[[],[]]", b""],
        [KEY.encode(), b"[[5],[]]"],
        [KEY.encode(), b'[[["missing.lines",1,"a"]],[]]'],
        [KEY.encode(), b'[[],[["k",["n",null,[],false,0,0,2,4],[]]]]'],
        [KEY.encode(), b'[[],[["k",null,[["QP101","m","c",[]]]]]]'],
        [KEY.encode(), b'[[["empty.lines",0,"%b"]],[["k",["n",["GET"],[],false,0,0,2,4],[]]]]' % EMPTY],
        [KEY.encode(), b'[[["empty.lines",0,"%b"]],[["k",["n",null,[],false,0,0,2],[]]]]' % EMPTY],
        [KEY.encode(), b'[[["empty.lines",0,"%b"]],[["k",["n",null,[],false,0,0,2,4]]]]' % EMPTY],
        [KEY.encode(), b'[[],[["k",5]]]'],
        [KEY.encode(), b"\xff\xfe"],
        [b"another key"],
    ],
)
def test_a_file_of_another_form_has_no_entries(tmp_path: Path, lines: Sequence[bytes]) -> None:
    path = tmp_path / "file.cache"
    path.write_bytes(_sealed(lines))
    (tmp_path / "empty.lines").touch()
    assert read_entries(path, KEY) == read_entries(path, KEY, whole=False) == {}


def test_what_is_no_file_has_no_entries(tmp_path: Path) -> None:
    assert read_entries(tmp_path / "missing.cache", KEY) == {}
    assert read_entries(tmp_path, KEY) == {}


def test_a_cache_that_cannot_be_written_is_as_none(tmp_path: Path, database: Database) -> None:
    _write(tmp_path / "queries", {"one.sql": GOOD})
    (tmp_path / "cache").write_text("a file where the folder would be")
    for _ in range(2):
        assert _compile(tmp_path / "queries", database, tmp_path / "cache")[1] == 2


def test_a_few_schemas_are_kept(tmp_path: Path, database: Database) -> None:
    _write(tmp_path / "queries", {"one.sql": GOOD})
    files = read_project(tmp_path / "queries")
    compiled = compile_by(database, files.texts)
    for number in range(6):
        cache = CompileCache(tmp_path / "cache")
        cache.open(f"key{number}")
        cache.keep(files.texts, compiled)
        cache.write()
        os.utime(tmp_path / "cache" / f"key{number}.cache", (number, number))
    left = sorted((tmp_path / "cache").iterdir())
    assert [path.name for path in left if path.suffix == ".cache"] == [f"key{number}.cache" for number in (2, 3, 4, 5)]
    assert {path.name.partition(".")[0] for path in left} == {f"key{number}" for number in (2, 3, 4, 5)}


def _lines(cache: Path) -> list[Path]:
    return sorted(cache.parent.glob(f"{cache.stem}.*.lines"), key=lambda path: path.stat().st_size)


@pytest.mark.parametrize("damage", ["cut", "grown", "changed", "gone"])
def test_a_cache_of_which_a_file_is_damaged_has_no_entries(
    tmp_path: Path, written: tuple[Path, Entries, bytes], damage: str
) -> None:
    _, entries, _ = written
    half = dict(list(entries.items())[: len(entries) // 2])
    path = tmp_path / "file.cache"
    write_entries(path, KEY, half)
    write_entries(path, KEY, entries)
    assert len(_lines(path)) == 2
    unread = read_entries(path, KEY, whole=False)
    for lines in _lines(path):
        content = lines.read_bytes()
        damaged = {"cut": content[:-1], "grown": content + b" ", "changed": b"~" + content[1:], "gone": None}[damage]
        lines.unlink()
        if damaged is not None:
            lines.write_bytes(damaged)
        assert read_entries(path, KEY) == {}
        # What looks into no operation may go on where the lengths are right.
        assert bool(read_entries(path, KEY, whole=False)) == (damage == "changed")
        lines.write_bytes(content)
    assert read_entries(path, KEY) == entries == unread


def test_lines_that_are_lost_while_a_command_runs_are_told(
    tmp_path: Path, written: tuple[Path, Entries, bytes]
) -> None:
    _, entries, _ = written
    path = tmp_path / "file.cache"
    write_entries(path, KEY, entries)
    unread = next(each.encoded for each in read_entries(path, KEY, whole=False).values() if each.encoded is not None)
    (lines,) = _lines(path)
    for lose in (lambda: lines.write_bytes(b"~" + lines.read_bytes()[1:]), lines.unlink):
        lose()
        with pytest.raises(LostLinesError, match=r"\.lines was changed while the command ran: run it again"):
            _ = unread.operation


def test_lines_are_written_once(tmp_path: Path, written: tuple[Path, Entries, bytes]) -> None:
    _, entries, _ = written
    path = tmp_path / "file.cache"
    good = {text: entry for text, entry in entries.items() if entry.encoded is not None}
    for number in range(1, len(good) + 1):
        some = dict(list(good.items())[:number])
        before = {lines: lines.stat().st_mtime_ns for lines in _lines(path)}
        write_entries(path, KEY, some)
        assert {lines: lines.stat().st_mtime_ns for lines in before} == before
        assert len(_lines(path)) == number
        assert read_entries(path, KEY) == read_entries(path, KEY, whole=False) == some


@pytest.mark.parametrize("whole", [True, False])
def test_many_files_become_one_again(tmp_path: Path, database: Database, *, whole: bool) -> None:
    queries, directory, most = tmp_path / "queries", tmp_path / "cache", 0
    for number in range(60):
        _write(queries, {f"q{number}.sql": f"SELECT {number} AS a"})
        assert _compile(queries, database, directory, whole=whole)[1] == (1 if number else 2)
        (cache,) = directory.glob("*.cache")
        most = max(most, len(_lines(cache)))
        for lines in _lines(cache):
            os.utime(lines, (0, 0))
    assert 40 < most <= 51
    assert len(_lines(cache)) < 20
    _are_the_same(queries, database, directory)


def test_lines_that_are_of_no_use_any_more_are_removed(tmp_path: Path, database: Database) -> None:
    queries, directory = tmp_path / "queries", tmp_path / "cache"
    for number in range(10):
        _write(queries, {"one.sql": f"SELECT {number} AS a"})
        _compile(queries, database, directory)
        (cache,) = directory.glob("*.cache")
        assert len(_lines(cache)) <= 3
        for lines in _lines(cache):
            os.utime(lines, (0, 0))
    _are_the_same(queries, database, directory)


def _are_the_same(queries: Path, database: Database, directory: Path) -> None:
    """Nothing has to be compiled, and the outcome is that of compiling all."""
    cold, _ = _compile(queries, database, None)
    cached, compiled = _compile(queries, database, directory)
    assert compiled == 0
    assert _told(cached, directory / "cached.json") == _told(cold, directory / "cold.json")


def test_a_check_that_finds_its_lines_lost_leaves_nothing_of_them(tmp_path: Path, database: Database) -> None:
    """Where all lines have to be written into one, and cannot be read."""
    queries, directory = tmp_path / "queries", tmp_path / "cache"
    _write(queries, {f"q{number}.sql": GOOD for number in range(4)})
    _compile(queries, database, directory)
    (lines,) = directory.glob("*.lines")
    lines.write_bytes(b"~" + lines.read_bytes()[1:])
    for number in range(3):  # most lines are of no use any more
        (queries / f"q{number}.sql").unlink()
    assert _compile(queries, database, directory, whole=False)[1] == 0
    assert [*directory.glob("*.cache")] == []
    assert _compile(queries, database, directory, whole=False)[1] == 2


def test_lines_of_another_commands_cache_are_not_gone_at_once(
    tmp_path: Path, written: tuple[Path, Entries, bytes]
) -> None:
    """A command may have written lines, and be about to name them in the cache."""
    _, entries, _ = written
    path = tmp_path / "file.cache"
    first = KeptLines.written(path, [b"of another command"]).path
    write_entries(path, KEY, entries)
    assert first in _lines(path)
    os.utime(first, (0, 0))
    write_entries(path, KEY, entries)
    assert first not in _lines(path)
    assert read_entries(path, KEY) == entries


def test_lines_that_another_command_removed_are_written_again(
    tmp_path: Path, written: tuple[Path, Entries, bytes]
) -> None:
    _, entries, _ = written
    path = tmp_path / "file.cache"
    write_entries(path, KEY, entries)
    for lines in _lines(path):
        lines.unlink()
    write_entries(path, KEY, entries)
    assert read_entries(path, KEY) == entries


def _write_again_and_again(path: Path, entries: Entries, times: int) -> None:
    for _ in range(times):
        write_entries(path, KEY, entries)


def test_writers_at_once_leave_one_whole_file(tmp_path: Path, written: tuple[Path, Entries, bytes]) -> None:
    _, entries, _ = written
    half = dict(list(entries.items())[: len(entries) // 2])
    path = tmp_path / "file.cache"
    write_entries(path, KEY, half)
    writers = [Thread(target=_write_again_and_again, args=(path, each, 100)) for each in (entries, half)]
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        assert read_entries(path, KEY) in (entries, half)
    assert read_entries(path, KEY) in (entries, half)
    assert {each.suffix for each in tmp_path.iterdir()} == {".cache", ".lines"}


def test_what_may_not_last_is_not_kept(tmp_path: Path, schema_url: str, database: Database) -> None:
    _write(tmp_path / "queries", {"one.sql": GOOD, "two.sql": GOOD})
    with psycopg.connect(schema_url) as connection, connection.transaction(force_rollback=True):
        connection.execute("LOCK TABLE person")
        impatient = make_conninfo(schema_url, options="-c lock_timeout=50")
        with Database(impatient) as hurried:
            hindered, _ = _compile(tmp_path / "queries", hurried, tmp_path / "cache")
    assert any("55P03" in problem.message for problem in hindered.problems)
    mended, compiled = _compile(tmp_path / "queries", database, tmp_path / "cache")
    assert (mended.problems, compiled) == ((), 2)


def test_a_message_that_json_cannot_hold_is_not_kept(tmp_path: Path, database: Database) -> None:
    _write(tmp_path / "queries", {"one.sql": GOOD})
    files = read_project(tmp_path / "queries")
    compiled = compile_by(database, files.texts)
    text = next(each for each in files.texts if each.name == "one")
    problem = text.source.problem("QP304", files.texts[0].source.word(0), "half \ud800", "none")
    cache = CompileCache(tmp_path / "cache")
    cache.open(KEY)
    cache.keep(files.texts, compiled | {text.key: CompiledFile(None, (problem,))})
    cache.write()
    assert len(read_entries(tmp_path / "cache" / f"{KEY}.cache", KEY)) == len(files.texts) - 1


@pytest.mark.slow
def test_the_key_counts_every_library_that_the_compiler_imports() -> None:
    imported = set()
    for path in (ROOT / "queryport" / "compile").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                imported |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                imported.add(node.module.partition(".")[0])
    known = packages_distributions()
    theirs = {known[name][0].lower().replace("_", "-") for name in imported if name in known} - {"queryport"}
    assert theirs
    assert theirs <= set(LIBRARIES)


def test_the_key_tells_schemas_apart() -> None:
    assert cache_key("one") == cache_key("one") != cache_key("other")
