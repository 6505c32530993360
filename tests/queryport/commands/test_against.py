"""`queryport check --against`: a commit, or a catalogue's file, beside the project as it is now."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.support.projects import BOOKSHOP, Project, write

pytestmark = pytest.mark.slow


def _git(root: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=t", "-c", "user.email=t@example.com")
    subprocess.run(["git", *identity, *arguments], cwd=root, check=True, capture_output=True)


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory, module_data_dir: Path) -> Project:
    """A project below the root of a repository, with what has changed since its commit."""
    whole = tmp_path_factory.mktemp("repository")
    root = write(whole / "api", BOOKSHOP)
    (root / ".gitignore").write_text(".queryport/\n")
    project = Project(root, module_data_dir)
    assert project.run("build", "--output", str(whole / "catalog.json")).code == 0
    _git(whole, "init", "--quiet")
    _git(whole, "add", "api")
    _git(whole, "commit", "--quiet", "--message", "the state that callers know")
    return project


def test_nothing_breaks_where_nothing_changed(repository: Project) -> None:
    for earlier in ("HEAD", str(repository.root.parent / "catalog.json")):
        done = repository.run("check", "--against", earlier)
        assert (done.code, done.output) == (0, "5 operations, no errors\n")


def test_what_breaks_callers_is_an_error_at_its_place(repository: Project) -> None:
    changed, gone = sorted((repository.root / "sql_queries").rglob("*.sql"))[:2]
    text, gone_text = changed.read_text(), gone.read_text()
    changed.write_text(text.replace("SELECT", "SELECT 1 AS added,", 1) if "AS added" not in text else text)
    gone.unlink()
    try:
        for earlier in ("HEAD", str(repository.root.parent / "catalog.json")):
            done = repository.run("check", "--format", "json", "--against", earlier)
            problems = json.loads(done.output)["problems"]
            assert done.code == 1
            assert [(problem["code"], Path(problem["path"]).name) for problem in problems] == [("QP801", gone.name)]
    finally:
        changed.write_text(text)
        gone.write_text(gone_text)


@pytest.mark.parametrize("name", ["no-such-branch", "--output=x", "HEAD:nothing"])
def test_what_is_neither_a_commit_nor_a_file_is_told(repository: Project, name: str) -> None:
    done = repository.run("check", f"--against={name}")
    assert done.code == 1
    assert "neither a file nor a commit" in done.errors


def test_a_file_that_is_no_catalogue_is_told(repository: Project) -> None:
    file = repository.root.parent / "other.json"
    file.write_text("{}")
    done = repository.run("check", "--against", str(file))
    assert done.code == 1
    assert "is no catalogue of operations" in done.errors
