"""The directory that initdb made is kept, used again, and never trusted where it is another's or broken."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from queryport.postgres import initialised
from queryport.postgres.account import Account, PostgresError, current
from queryport.postgres.initialised import make_data
from queryport.postgres.programs import Programs, programs_for

# Makes what is small, each time something else, and counts. What initdb makes in truth is looked at once.
_INITDB = """#!/bin/sh
umask 077
echo >>"$0.runs"
mkdir -p "$2/global" "$2/empty"
date +%N >"$2/global/pg_control"
head -c 100000 /dev/urandom >"$2/PG_VERSION"
"""


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder in which PostgreSQL's user may make others."""
    with TemporaryDirectory() as name:
        Path(name).chmod(0o777)
        yield Path(name)


@pytest.fixture
def state(place: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder of this user's for what is kept."""
    folder = place / "state"
    folder.mkdir()
    folder.chmod(0o711)
    monkeypatch.setenv("QUERYPORT_STATE_DIR", str(folder))
    return folder


class Maker:
    """Makes data directories by a small initdb."""

    def __init__(self, place: Path) -> None:
        self._place = place
        self._initdb = place / "bin" / "initdb"
        self._initdb.parent.mkdir()
        self._initdb.write_text(_INITDB)
        for path in (self._initdb.parent, self._initdb):
            path.chmod(0o777)

    def make(self, name: str, *, keep: bool = True) -> dict[str, tuple[int, int, bytes]]:
        make_data(self._place / name, Programs(self._place, self._place), current(), keep=keep)
        return _files(self._place / name)

    @property
    def runs(self) -> int:
        return len(self._initdb.with_name("initdb.runs").read_text())


@pytest.fixture
def maker(place: Path) -> Maker:
    return Maker(place)


def _files(directory: Path) -> dict[str, tuple[int, int, bytes]]:
    """Mode, owner and content of all that is below a folder."""
    return {
        str(path.relative_to(directory)): (
            path.stat().st_mode,
            path.stat().st_uid,
            b"" if path.is_dir() else path.read_bytes(),
        )
        for path in directory.rglob("*")
    }


@pytest.mark.slow
@pytest.mark.usefixtures("state")
def test_what_is_unpacked_is_what_initdb_made(place: Path) -> None:
    account = current()
    programs = programs_for(account)
    for name in ("first", "second"):
        make_data(place / name, programs, account, keep=True)
    assert _files(place / "second") == _files(place / "first")
    assert len(_files(place / "second")) > 900


def test_the_second_directory_is_the_first_and_made_without_initdb(state: Path, maker: Maker) -> None:
    first = maker.make("first")
    [kept] = state.iterdir()
    assert (kept.stat().st_uid, kept.stat().st_mode & 0o777) == (os.geteuid(), 0o600)
    assert maker.make("second", keep=False) == first
    assert maker.runs == 1


def _cut_short(kept: Path) -> None:
    os.truncate(kept, kept.stat().st_size // 2)


def _linked(kept: Path) -> None:
    kept.symlink_to(kept.rename(kept.with_name("aside")))


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda kept: kept.write_bytes(b""), id="empty"),
        pytest.param(lambda kept: kept.write_bytes(os.urandom(20_000)), id="no archive"),
        pytest.param(_cut_short, id="cut short"),
        pytest.param(_linked, id="a link"),
        pytest.param(lambda kept: kept.chmod(0o666), id="others may write"),
        pytest.param(
            lambda kept: os.chown(kept, 12345, 12345),
            id="another's",
            marks=pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away"),
        ),
    ],
)
def test_what_is_amiss_is_made_anew(state: Path, maker: Maker, spoil: Callable[[Path], object]) -> None:
    first = maker.make("first")
    [kept] = state.iterdir()
    spoil(kept)
    second = maker.make("second")
    assert second != first
    assert maker.make("third") == second
    assert maker.runs == 2


def test_only_what_is_asked_for_is_kept_and_nothing_of_an_earlier_version(state: Path, maker: Maker) -> None:
    uid = current().uid
    earlier, anothers = state / f"initdb-0123-{uid}.tar", state / f"initdb-0123-{uid + 1}.tar"
    for path in (earlier, anothers):
        path.touch()
    maker.make("first", keep=False)
    assert set(state.iterdir()) == {earlier, anothers}
    maker.make("second")
    assert not earlier.exists()
    assert anothers.exists()
    assert len(list(state.iterdir())) == 2


def test_a_folder_that_others_may_write_to_is_done_without(state: Path, maker: Maker) -> None:
    state.chmod(0o777)
    for name in ("first", "second"):
        maker.make(name)
    assert maker.runs == 2
    assert list(state.iterdir()) == []


def test_without_tar_nothing_is_kept(state: Path, maker: Maker, monkeypatch: pytest.MonkeyPatch) -> None:
    tools = state.parent / "tools"
    tools.mkdir()
    for name in ("sh", "mkdir", "date", "head"):
        (tools / name).symlink_to(
            next(path for path in (Path("/bin") / name, Path("/usr/bin") / name) if path.exists())
        )
    monkeypatch.setenv("PATH", str(tools))
    for name in ("first", "second"):
        maker.make(name)
    assert maker.runs == 2
    assert list(state.iterdir()) == []


def test_a_failure_of_initdb_is_told(place: Path, state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(initialised, "_INITDB", ("--no-such-option",))
    account = current()
    with pytest.raises(PostgresError, match=r"(?s)initdb failed with exit code 1:\n.*no-such-option"):
        make_data(place / "first", programs_for(account), account, keep=True)
    assert list(state.iterdir()) == []


@pytest.mark.parametrize(
    ("variables", "folder"),
    [
        ({"XDG_CACHE_HOME": "/of/mine"}, "/of/mine/queryport"),
        ({"XDG_CACHE_HOME": "of/mine"}, "/home/me/.cache/queryport"),
        ({}, "/home/me/.cache/queryport"),
    ],
)
def test_other_users_than_root_keep_it_among_their_caches(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], folder: str
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.delenv("QUERYPORT_STATE_DIR")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    for name, value in ({"HOME": "/home/me"} | variables).items():
        monkeypatch.setenv(name, value)
    kept = initialised._kept_file(Account(1000, 1000, ("me",)))
    assert str(kept).startswith(f"{folder}/initdb-")
