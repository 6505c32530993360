"""Two runs at once, of every pairing of files and of ways, end within seconds, and each file has run once."""

import threading
from itertools import combinations_with_replacement
from pathlib import Path

import pytest

from queryport.migrations.runner import run_scripts
from queryport.migrations.scripts import read_scripts
from tests.queryport.migrations.transports import WAYS, opened
from tests.support.databases import fetch
from tests.support.projects import eventually, write

TABLE = {"0001_t.sql": "CREATE TABLE t (n int); CREATE TABLE log (name text); INSERT INTO t VALUES (1), (2);"}
OFF = "-- transaction: off\n"
_SLEEPING_OFF = "INSERT INTO log SELECT 'off' FROM pg_sleep(0.2);\n"
KINDS = {
    "plain": {
        "0002_p.sql": "INSERT INTO log SELECT 'plain' FROM pg_sleep(0.3); ALTER TABLE t ADD m int;",
        "0003_q.sql": "ALTER TABLE t ADD o int; CREATE INDEX t_o ON t (o);",
    },
    "concurrently": {
        "0002_i.sql": f"{OFF}CREATE INDEX CONCURRENTLY t_n ON t (n);\nDROP INDEX CONCURRENTLY t_n;\n"
        "CREATE UNIQUE INDEX CONCURRENTLY t_m ON t (n);",
        "0003_r.sql": f"{OFF}REINDEX INDEX CONCURRENTLY t_m;",
    },
    "without a transaction": {
        "0002_o.sql": f"{OFF}{_SLEEPING_OFF}VACUUM t;\nINSERT INTO log VALUES ('off');",
    },
    "repeatable": {
        "R_a.sql": "CREATE OR REPLACE VIEW v AS SELECT n FROM t; INSERT INTO log SELECT 'view' FROM pg_sleep(0.2);",
        "R_b.sql": "CREATE OR REPLACE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT count(*)::int FROM v';",
    },
}


ADVISORY_LOCKS = """
    SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


pytestmark = pytest.mark.usefixtures("impatient_emulator")


def _together(url: str, folders: tuple[Path, Path], ways: tuple[str, str]) -> list[str]:
    """The failures of two runs that begin at once."""
    failures: list[str] = []
    begin = threading.Barrier(2)

    def run(folder: Path, way: str) -> None:
        scripts = read_scripts(folder)
        with opened(way, url) as transport:
            begin.wait(20)
            try:
                run_scripts(transport, scripts)
            except Exception as failure:  # noqa: BLE001 (told by the test)
                failures.append(f"{way}: {failure}")

    runs = [threading.Thread(target=run, args=each, daemon=True) for each in zip(folders, ways, strict=True)]
    for one in runs:
        one.start()
    for one in runs:
        one.join(60)
    assert not any(one.is_alive() for one in runs), "a run waits for the other for ever"
    return failures


_PAIRS = list(combinations_with_replacement(KINDS, 2))


def _check(url: str, tmp_path: Path, kinds: tuple[str, str], ways: tuple[str, str]) -> None:
    files = TABLE | KINDS[kinds[0]] | {name.replace("000", "001"): text for name, text in KINDS[kinds[1]].items()}
    if kinds[0] == kinds[1]:
        files = TABLE | KINDS[kinds[0]]
    folder = write(tmp_path / "migrations", files)
    assert _together(url, (folder, folder), ways) == []
    names = sorted(name for name in files if not name.startswith("R_"))
    assert [name for (name,) in fetch(url, "SELECT name FROM queryport.migration ORDER BY name")] == names
    if any(text.startswith(OFF) for text in files.values()):
        assert fetch(url, "SELECT count(*) FROM queryport.migration_step") == [(0,)]
    expected = sorted(word for word in ("off", "off", "plain", "view") if any(f"'{word}'" in t for t in files.values()))
    assert [word for (word,) in fetch(url, "SELECT name FROM log ORDER BY name")] == expected
    assert fetch(url, "SELECT count(*) FROM pg_index WHERE NOT indisvalid") == [(0,)]
    eventually(lambda: fetch(url, ADVISORY_LOCKS) == [(0,)])  # a session that ends lets go of its own


@pytest.mark.slow
@pytest.mark.parametrize("ways", [("connection", "data-api")], ids=" and ".join)
@pytest.mark.parametrize(
    "kinds", [("plain", "concurrently"), ("without a transaction", "repeatable")], ids=" and ".join
)
def test_two_at_once_end(url: str, tmp_path: Path, kinds: tuple[str, str], ways: tuple[str, str]) -> None:
    _check(url, tmp_path, kinds, ways)


@pytest.mark.long
@pytest.mark.parametrize("ways", list(combinations_with_replacement(WAYS, 2)), ids=" and ".join)
@pytest.mark.parametrize("kinds", _PAIRS, ids=" and ".join)
def test_two_at_once_end_in_every_pairing(
    url: str, tmp_path: Path, kinds: tuple[str, str], ways: tuple[str, str]
) -> None:
    _check(url, tmp_path, kinds, ways)


@pytest.mark.long
@pytest.mark.parametrize("ways", list(combinations_with_replacement(WAYS, 2)), ids=" and ".join)
@pytest.mark.parametrize("kinds", [pair for pair in _PAIRS if pair[0] != pair[1]], ids=" and ".join)
def test_runs_of_different_files_refuse_or_take_turns(
    url: str, tmp_path: Path, kinds: tuple[str, str], ways: tuple[str, str]
) -> None:
    """Two versions of a project, of which the one that comes second is told that the other's files are not there."""
    folders = tuple(write(tmp_path / f"of{n}", TABLE | KINDS[kind]) for n, kind in enumerate(kinds))
    failures = _together(url, (folders[0], folders[1]), ways)
    assert len(failures) <= 1, failures
    assert all("0002" in failure or "0003" in failure for failure in failures)
    eventually(lambda: fetch(url, ADVISORY_LOCKS) == [(0,)])  # a session that ends lets go of its own
