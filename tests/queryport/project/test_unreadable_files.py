"""What cannot be read, in each place where a project has a file or a folder: commands tell of it, and none waits."""

import os
import socket
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from queryport.authored import SCRIPT, SETTINGS, Largest, UnreadableError, read_authored
from queryport.compile.project_files import read_project
from queryport.console.failure import CommandError
from queryport.migrations.scripts import ScriptError
from queryport.project.databases import Scripts
from queryport.project.project import Project
from queryport.project.settings import ProjectError
from tests.support.capabilities import modes_hold
from tests.support.projects import BOOKSHOP, run, write

Make = Callable[[Path], object]


def _closed(path: Path) -> None:
    path.write_text("SELECT 1")
    path.chmod(0)


def _closed_folder(path: Path) -> None:
    path.mkdir()
    path.chmod(0)


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as bound:
        here = os.open(path.parent, os.O_PATH)  # the path itself may be longer than an address
        bound.bind(f"/proc/self/fd/{here}/{path.name}")
        os.close(here)


def _large(path: Path) -> None:
    path.touch()
    os.truncate(path, 2 << 30)


NO_FILES: Mapping[str, tuple[Make, str]] = {
    "a dangling link": (lambda path: path.symlink_to("nowhere"), "it is a link to a file that does not exist"),
    "a link below a file": (lambda path: path.symlink_to("/etc/passwd/x"), "it is a link to a file that does not"),
    "a circular link": (lambda path: path.symlink_to(path.name), "it is a link that leads in a circle"),
    "a link to memory": (lambda path: path.symlink_to("/proc/self/mem"), "it cannot be read (Input/output error)"),
    "a link to a device": (lambda path: path.symlink_to("/dev/zero"), "it is not a regular file"),
    "a pipe": (os.mkfifo, "it is not a regular file"),
    "a socket": (_socket, "it is not a regular file"),
    "a folder": (Path.mkdir, "a folder"),
    "a closed file": (_closed, "it cannot be read (Permission denied)"),
    "a large file": (_large, "it is larger than"),
}
NO_FOLDERS: Mapping[str, tuple[Make, str]] = {
    "a dangling link": (lambda path: path.symlink_to("nowhere"), "it is a link to a folder that does not exist"),
    "a circular link": (lambda path: path.symlink_to(path.name), "it is a link that leads in a circle"),
    "a file": (Path.touch, "it is not a folder"),
    "a link to a file": (lambda path: path.symlink_to("/etc/passwd"), "it is not a folder"),
    "a pipe": (os.mkfifo, "it is not a folder"),
    "a closed folder": (_closed_folder, "it cannot be read (Permission denied)"),
}
FILES = ("migrations/0002_b.sql", "migrations/R_b.sql", "seed/02_b.sql", "queryport.toml")
FOLDERS = ("migrations", "seed", "migrations/below", "seed/below")


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    yield write(tmp_path, BOOKSHOP)
    for path in tmp_path.glob("**/"):
        path.chmod(0o700)  # else pytest could not remove it


def _read(root: Path) -> Project:
    """Read the parts that every command begins with."""
    with modes_hold():
        project = Project.load(root)
        Scripts.of(project)
    return project


@pytest.mark.parametrize("place", FILES)
@pytest.mark.parametrize("kind", NO_FILES)
def test_a_script_or_the_settings_that_cannot_be_read_are_told(root: Path, kind: str, place: str) -> None:
    make, reason = NO_FILES[kind]
    make(root / place)
    with pytest.raises((ScriptError, ProjectError)) as caught:
        _read(root)
    path, told, cure = str(caught.value).replace(": it is not a regular file", ": a folder or not").split(": ")
    assert path.endswith(place)
    assert told.startswith(reason.replace("it is not a regular file", "a folder"))
    assert cure


@pytest.mark.parametrize("place", ["sql_queries/books/b.sql", "sql_queries/_folder.yaml"])
@pytest.mark.parametrize("kind", NO_FILES)
def test_a_query_file_or_the_settings_of_a_folder_that_cannot_be_read_are_told(
    root: Path, kind: str, place: str
) -> None:
    make, reason = NO_FILES[kind]
    make(root / place)
    with modes_hold():
        problems = read_project(root / "sql_queries").problems
    (told,) = (problem for problem in problems if str(problem.path).endswith(place))
    assert told.code == "QP009"
    assert told.message.startswith(reason) or kind == "a folder"
    assert told.cure


@pytest.mark.parametrize("place", FOLDERS)
@pytest.mark.parametrize("kind", NO_FOLDERS)
def test_a_folder_of_scripts_that_cannot_be_listed_is_told(root: Path, kind: str, place: str) -> None:
    make, reason = NO_FOLDERS[kind]
    path = root / place
    if path.is_dir():
        path.rename(root / "aside")
    make(path)
    if "below" in place and kind != "a closed folder":
        _read(root)  # what is no folder in a folder of scripts is as any file that is no script
        return
    with pytest.raises(ScriptError) as caught:
        _read(root)
    assert str(caught.value).startswith(f"{path}: {reason}: ")


@pytest.mark.parametrize("kind", NO_FOLDERS)
def test_a_folder_that_the_settings_name_and_that_is_none_is_told(root: Path, kind: str) -> None:
    make, _ = NO_FOLDERS[kind]
    make(root / "data")
    write(root, {"queryport.toml": 'seed = "data"'})
    with pytest.raises(CommandError, match="data"):
        _read(root)


@pytest.mark.parametrize("folder", ["migrations", "seed"])
def test_a_folder_that_is_not_there_is_none(root: Path, folder: str) -> None:
    (root / folder).rename(root / "aside")
    assert (_read(root).seed is None) is (folder == "seed")


def test_all_scripts_that_cannot_be_read_are_told_at_once(root: Path) -> None:
    for name in ("0002_b.sql", "0003_c.sql", "R_d.sql"):
        (root / "migrations" / name).symlink_to("nowhere")
    with pytest.raises(ScriptError) as caught:
        _read(root)
    assert [line.partition(": ")[0] for line in str(caught.value).splitlines()] == [
        str(root / "migrations" / name) for name in ("0002_b.sql", "0003_c.sql", "R_d.sql")
    ]


def test_a_folder_called_like_a_query_file_is_told_beside_the_files_in_it(root: Path) -> None:
    write(root, {"sql_queries/books/b.sql/get.sql": "SELECT 1"})
    told = [(problem.code, problem.path.name) for problem in read_project(root / "sql_queries").problems]
    assert sorted(told) == [("QP006", "get.sql"), ("QP009", "b.sql")]


@pytest.mark.parametrize("limit", [SETTINGS, SCRIPT])
def test_a_file_of_the_largest_size_is_read(tmp_path: Path, limit: Largest) -> None:
    path = tmp_path / "file"
    path.touch()
    os.truncate(path, limit.mebibytes << 20)
    assert len(read_authored(path, limit)) == limit.mebibytes << 20
    os.truncate(path, (limit.mebibytes << 20) + 1)
    with pytest.raises(UnreadableError, match=f"larger than {limit.mebibytes} MiB"):
        read_authored(path, limit)


def test_a_file_that_has_more_than_it_claims_is_read_to_its_end_or_the_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert b"VmRSS:" in read_authored("/proc/self/status", SETTINGS)
    path = tmp_path / "file"
    path.touch()
    empty = path.stat()
    os.truncate(path, 1 << 30)
    monkeypatch.setattr(os, "fstat", lambda _: empty)
    with pytest.raises(UnreadableError, match="larger than 1 MiB"):
        read_authored(path, SETTINGS)


def test_a_pipe_that_takes_the_place_of_a_file_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    path.touch()
    before = path.stat()
    path.unlink()
    os.mkfifo(path)
    monkeypatch.setattr(os, "stat", lambda *_, **__: before)
    with pytest.raises(UnreadableError, match="not a regular file"):
        read_authored(path, SETTINGS)


_COMMANDS = [
    ("check",),
    ("build",),
    ("list",),
    ("openapi",),
    ("role", "app"),
    ("run", "books.count"),
    ("asl", "books.count"),
    ("serve", "--port", "0", "--emulator-port", "0"),
    ("migrate", "--database-url", "postgresql://nowhere.invalid/app"),
]
_READ_BY = [
    (command, place)
    for command in _COMMANDS
    for place in ("migrations/0002_b.sql", "seed", "queryport.toml")
    if (command[0], place) != ("migrate", "seed")  # which it leaves out
]


@pytest.mark.parametrize(
    ("command", "place"), _READ_BY, ids=lambda value: " ".join(value) if isinstance(value, tuple) else value
)
def test_every_command_tells_of_it(root: Path, command: tuple[str, ...], place: str) -> None:
    path = root / place
    if path.is_dir():
        path.rename(root / "aside")
    path.symlink_to("nowhere")
    done = run(*command, project=root)
    assert done.code == 1
    assert str(path) in "".join(done.errors.split())
    assert "it is a link to a f" in " ".join(done.errors.split())
    assert "Traceback" not in done.errors
    assert not (root / ".queryport/postgres").exists()
