"""Temporary folders go with their process, and those of killed ones when the next is made."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from queryport.postgres.server import EmbeddedPostgres, stop_servers_in
from queryport.postgres.temporary import temporary_folder
from tests.support.projects import eventually
from tests.support.repository import ROOT

_HOLD = """
import sys
from queryport.postgres.temporary import temporary_folder
with temporary_folder("queryport-a-") as folder:
    print(folder, flush=True)
    sys.stdin.readline()
"""
_SERVE = """
import sys
from queryport.postgres.server import EmbeddedPostgres
with EmbeddedPostgres.scratch() as server:
    print(server.home.parent, server.data.joinpath("postmaster.pid").read_text().split()[0], flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def place(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder for temporary files, short and open to PostgreSQL's user."""
    tmp_path_factory.getbasetemp()  # pytest's own does not lie in it
    with tempfile.TemporaryDirectory(prefix="qp-") as name:
        Path(name).chmod(0o711)
        monkeypatch.setenv("TMPDIR", name)
        monkeypatch.setattr(tempfile, "tempdir", None)
        yield Path(name)
    monkeypatch.setattr(tempfile, "tempdir", None)


@contextmanager
def _running(program: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as process:
        assert process.stdout is not None
        try:
            yield process, process.stdout.readline().strip()
        finally:
            process.kill()


def _age(folder: Path) -> None:
    hour_ago = time.time() - 3600
    os.utime(folder, (hour_ago, hour_ago))


def test_a_folder_goes_with_its_block(place: Path) -> None:
    with temporary_folder("queryport-a-") as folder:
        assert folder.parent == place
        assert folder.stat().st_mode & 0o777 == 0o700
    assert list(place.iterdir()) == []


@pytest.mark.usefixtures("place")
def test_the_folder_of_a_killed_process_goes_when_the_next_is_made() -> None:
    ended: list[Path] = []
    with _running(_HOLD) as (process, name):
        left = Path(name)
        _age(left)
        with temporary_folder("queryport-a-", ended.append):
            assert left.exists()
        process.kill()
        process.wait()
        with temporary_folder("queryport-b-", ended.append):
            assert left.exists()
        assert ended == []
        with temporary_folder("queryport-a-", ended.append):
            assert not left.exists()
    assert ended == [left]


def test_what_is_new_a_link_or_anothers_stays(place: Path, tmp_path: Path) -> None:
    new, old = place / "queryport-a-new", place / "queryport-a-old"
    new.mkdir()
    target = tmp_path / "kept"
    target.mkdir()
    _age(target)
    old.symlink_to(target)
    foreign = place / "queryport-a-foreign"
    if os.geteuid() == 0:
        foreign.mkdir()
        os.chown(foreign, 12345, 12345)
        _age(foreign)
    with temporary_folder("queryport-a-"):
        assert new.exists()
        assert old.is_symlink()
        assert target.exists()
        assert foreign.exists() == (os.geteuid() == 0)


@pytest.mark.slow
def test_the_server_of_a_killed_process_is_stopped(place: Path) -> None:
    with _running(_SERVE) as (process, said):
        folder, pid = said.split()
        process.kill()
        process.wait()
    assert Path(f"/proc/{pid}").exists()
    _age(Path(folder))
    with EmbeddedPostgres.scratch():
        assert not Path(folder).exists()
        eventually(lambda: not Path(f"/proc/{pid}").exists())
    assert list(place.iterdir()) == []


def test_a_folder_without_a_server_has_none_to_stop(tmp_path: Path) -> None:
    (tmp_path / "postgres" / "data").mkdir(parents=True)
    (tmp_path / "postgres" / "data" / "postmaster.pid").write_text(f"{os.getpid()}\n")
    stop_servers_in(tmp_path)  # no server answers, and this process lives on


def test_another_place_can_be_named(place: Path) -> None:
    named = place / "named"
    left = named / "queryport-d-left"
    left.mkdir(parents=True)
    _age(left)
    with temporary_folder("queryport-d-", parent=named) as folder:
        assert list(named.iterdir()) == [folder]
        assert list(place.iterdir()) == [named]
