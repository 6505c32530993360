"""`queryport init`: what it writes is a project that works."""

import json
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from click.testing import CliRunner

from queryport.commands.init import InitError, _sources, init
from queryport.commands.main import queryport
from tests.deployment.stack import Stack
from tests.support.projects import ENVIRONMENT, QUERYPORT, Project
from tests.support.repository import ROOT

UV = QUERYPORT.with_name("uv")


@pytest.fixture
def public_folder() -> Iterator[Path]:
    """A folder that everybody may read: where root runs the tests, PostgreSQL runs from the project as another user."""
    with TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture(scope="module")
def notes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new project."""
    folder = tmp_path_factory.mktemp("new") / "notes"
    init(folder)
    return folder


def _make(project: Path, *arguments: str, uv: Path | None) -> str:
    """The output of make on a machine that has a uv, or none."""
    programs = project.parent / "programs"
    programs.mkdir(exist_ok=True)
    if uv is not None:
        (programs / "uv").symlink_to(uv)
    path = f"{programs}:/usr/bin:/bin"
    assert (shutil.which("uv", path=path) is None) == (uv is None), "this machine's own uv is in the way"
    command = ["make", f"PYTHON={Path(sys.executable).resolve()}", *arguments]
    environment = {**ENVIRONMENT, "PATH": path}
    done = subprocess.run(
        command, cwd=project, env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.slow
@pytest.mark.early
@pytest.mark.parametrize("uv", [UV, pytest.param(None, marks=pytest.mark.long)], ids=["installed", "its own"])
def test_a_new_project_passes_its_own_tests(public_folder: Path, uv: Path | None) -> None:
    project = public_folder / "My Notes"
    assert CliRunner().invoke(queryport, ["init", str(project)]).output.startswith("wrote ")
    said = _make(project, "test", uv=uv)
    assert "operations, no errors\n" in said
    assert "5 passed" in said
    assert (project / "uv.lock").exists()
    assert (project / ".venv/bin/uv").exists() == (uv is None)


def test_an_environment_comes_from_the_installed_uv_or_gets_a_uv_of_its_own(public_folder: Path) -> None:
    project = public_folder / "notes"
    init(project)
    own = _make(project, "--dry-run", "test", uv=None)
    assert re.search(r"-m venv .venv\n\.venv/bin/python -m pip install .* 'uv>=.*\n.*\.venv/bin/uv sync", own)
    installed = _make(project, "--dry-run", "test", uv=UV)
    assert re.match(r".* uv venv .* \.venv\n.* uv sync", installed)
    assert "-m venv" not in installed


@pytest.mark.slow
def test_a_new_project_compiles_as_it_stands(notes: Path, data_dir: Path) -> None:
    project = Project(notes, data_dir)
    done = project.run("check")
    assert (done.code, done.output.partition(", ")[2]) == (0, "no errors\n")
    found = project.run("run", "notes.list_notes", "about=shop", "--json").output
    assert '"title":"Shopping"' in found.replace(" ", "")


@pytest.mark.slow
@pytest.mark.parametrize(
    "parameter", ["Architecture", "ClusterArn", "DatabaseName", "MemorySize", "SecretArn", "Timeout"]
)
def test_each_parameter_of_the_new_projects_template_makes_a_version(notes: Path, parameter: str) -> None:
    template = notes / "template.yaml"
    given = {"ClusterArn": "cluster", "SecretArn": "secret"}
    before, after = Stack(template, **given), Stack(template, **(given | {parameter: "1024"}))
    (version,) = before.named("AWS::Lambda::Version")
    assert before.physical_id(version) != after.physical_id(version)
    assert before.physical_id("SettingsPolicy") != after.physical_id("SettingsPolicy")
    assert (before.definitions[version]["UpdateReplacePolicy"], before.definitions[version]["DeletionPolicy"]) == (
        "Retain",
        "Retain",
    )


def test_one_line_says_where_the_images_are(tmp_path: Path) -> None:
    """And its name is none that Docker would look for on a public registry."""
    init(tmp_path)
    lines = (tmp_path / "Dockerfile").read_text().splitlines()
    assert [line for line in lines if "localhost" in line] == ["ARG QUERYPORT=localhost/queryport"]
    assert all(line.split()[1].startswith("${QUERYPORT}/") for line in lines if line.startswith("FROM "))


@pytest.mark.parametrize(
    ("direct_url", "entry"),
    [
        (
            {"url": "file:///home/me/query%20port", "dir_info": {"editable": True}},
            {"path": "/home/me/query port", "editable": True},
        ),
        ({"url": "file:///checkout/queryport", "dir_info": {}}, {"path": "/checkout/queryport", "editable": True}),
        ({"url": "file:///checkout/queryport.whl", "archive_info": {}}, {"path": "/checkout/queryport.whl"}),
        (
            {"url": "https://example.com/queryport.whl", "archive_info": {}},
            {"url": "https://example.com/queryport.whl"},
        ),
        (
            {"url": "https://example.com/queryport.git", "vcs_info": {"vcs": "git", "commit_id": "c0ffee"}},
            {"git": "https://example.com/queryport.git", "rev": "c0ffee"},
        ),
    ],
)
def test_the_project_takes_queryport_from_where_it_came_from(direct_url: dict[str, Any], entry: dict[str, Any]) -> None:
    assert tomllib.loads(_sources(json.dumps(direct_url))) == {"tool": {"uv": {"sources": {"queryport": entry}}}}


def test_a_published_queryport_is_taken_from_the_index() -> None:
    assert _sources(None) == ""


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "Makefile").write_text("mine")
    with pytest.raises(InitError, match=r"Makefile is there already: choose an empty folder"):
        init(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["Makefile"]


@pytest.mark.parametrize("leads_to", ["gone", "link", "file"])
@pytest.mark.parametrize("project", ["link", "link/notes", ".", "project"])
def test_a_link_to_no_folder_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, project: str, leads_to: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    link = tmp_path / ("tests" if project == "." else "project/migrations" if project == "project" else "link")
    link.parent.mkdir(exist_ok=True)
    link.symlink_to(tmp_path / leads_to if leads_to != "link" else link)
    with pytest.raises(InitError) as refused:
        init(Path(project))
    told = link.relative_to(tmp_path)
    assert str(refused.value) == (
        f"{told} is a link to {link.readlink()}, where no folder is: make that folder, or remove the link"
    )
    assert not [path for path in tmp_path.rglob("*") if path not in (link, link.parent, tmp_path / "file")]


@pytest.mark.parametrize(("project", "file"), [("file/notes", "file"), ("notes", "notes/tests"), ("file", "file")])
def test_a_file_where_a_folder_is_to_be_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, project: str, file: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path(file).parent.mkdir(exist_ok=True)
    Path(file).write_text("mine")
    with pytest.raises(InitError, match=f"^{file} is no folder: choose another place, or remove it$"):
        init(Path(project))
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [tmp_path / file]


def test_a_link_to_a_file_that_is_not_there_is_not_written_through(tmp_path: Path) -> None:
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes/Makefile").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(InitError, match=r"Makefile is there already: choose an empty folder"):
        init(tmp_path / "notes")
    assert not (tmp_path / "elsewhere").exists()


def test_a_link_to_a_folder_is_followed(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    init(tmp_path / "link")
    assert (tmp_path / "real/Makefile").exists()


_NAMES = ["notes", "my notes", "it's", "-n", "--", "-", "~", "a;b", 'a"b', "$HOME", "a&b", "*", "é", "#1", "[red]x[/]"]


@pytest.mark.parametrize("name", _NAMES)
def test_the_next_command_that_is_printed_can_be_pasted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(queryport, ["init", "--", name])
    said = re.search(r"^next: (cd .*) && make test && make serve$", done.output, re.MULTILINE)
    assert said, done.output
    found = subprocess.run(["sh", "-c", f"{said[1]} && pwd"], capture_output=True, text=True, check=True)
    assert found.stdout == f"{tmp_path / name}\n"


@pytest.mark.parametrize("name", [name.replace("$", "$$") for name in _NAMES])
def test_make_init_takes_any_folder(tmp_path: Path, name: str) -> None:
    """The one of this repository, by a `queryport` that writes down what it was given."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    for file in ("pyproject.toml", "uv.lock", ".venv/bin/uv", ".venv/bin/queryport", ".venv/.synced"):
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).touch()
    given = tmp_path / "given"
    (tmp_path / ".venv/bin/queryport").write_text(f"#!/bin/sh\nprintf '%s\\n' \"$@\" >{given}\n")
    (tmp_path / ".venv/bin/queryport").chmod(0o755)
    command = ["make", "--silent", "init"]
    refused = subprocess.run(command, cwd=tmp_path, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    assert "where to: make init DIR=../notes" in refused.stderr
    subprocess.run([*command, f"DIR={name}"], cwd=tmp_path, env=ENVIRONMENT, check=True)
    assert given.read_text().splitlines() == ["init", "--", name.replace("$$", "$")]


def test_the_project_is_named_after_its_folder(tmp_path: Path) -> None:
    init(tmp_path / "Data of the Shop")
    assert 'name = "data-of-the-shop"' in (tmp_path / "Data of the Shop/pyproject.toml").read_text()


def test_no_mark_is_left(tmp_path: Path) -> None:
    for path in init(tmp_path):
        assert not re.search("@[A-Z_]+@", (tmp_path / path).read_text())
