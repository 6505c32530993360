"""`queryport init`: what it writes is a project that works."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from queryport.commands.init import InitError, init
from tests.support.projects import QUERYPORT, run
from tests.support.repository import ROOT


@pytest.fixture
def public_folder() -> Iterator[Path]:
    """A folder that everybody may read: where root runs the tests, PostgreSQL runs from the project as another user."""
    with TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


def test_a_new_project_passes_its_own_tests(public_folder: Path) -> None:
    project = public_folder / "My Notes"
    said = subprocess.run([QUERYPORT, "init", project], capture_output=True, text=True, check=True).stdout
    assert said.startswith("wrote ")
    with (project / "pyproject.toml").open("a") as file:
        file.write(f'\n[tool.uv.sources]\nqueryport = {{ path = "{ROOT}", editable = true }}\n')
    done = subprocess.run(["make", "test"], cwd=project, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "operations, no errors\n" in done.stdout
    assert "5 passed" in done.stdout
    assert (project / "uv.lock").exists()


def test_a_new_project_compiles_as_it_stands(tmp_path: Path) -> None:
    init(tmp_path / "notes")
    done = run("check", project=tmp_path / "notes")
    assert (done.code, done.output.partition(", ")[2]) == (0, "no errors\n")
    found = run("run", "notes.list_notes", "about=shop", "--json", project=tmp_path / "notes").output
    assert '"title":"Shopping"' in found.replace(" ", "")


def test_the_new_projects_template_is_valid(tmp_path: Path) -> None:
    init(tmp_path / "notes")
    sam = ROOT / ".tools/sam/bin/sam"
    assert sam.exists(), "the AWS SAM CLI is not installed: run `make sam-tools`"
    done = subprocess.run(
        [sam, "validate", "--lint", "--template", tmp_path / "notes/template.yaml"],
        capture_output=True,
        text=True,
        check=False,
        env={
            "PATH": "/usr/bin:/bin",
            "HOME": str(tmp_path),
            "AWS_DEFAULT_REGION": "us-east-1",
            "SAM_CLI_TELEMETRY": "0",
        },
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_dockerfile_has_three_lines(tmp_path: Path) -> None:
    init(tmp_path)
    assert len((tmp_path / "Dockerfile").read_text().splitlines()) == 3


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "Makefile").write_text("mine")
    with pytest.raises(InitError, match=r"Makefile is there already: choose an empty folder"):
        init(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["Makefile"]


def test_the_project_is_named_after_its_folder(tmp_path: Path) -> None:
    init(tmp_path / "Data of the Shop")
    assert 'name = "data-of-the-shop"' in (tmp_path / "Data of the Shop/pyproject.toml").read_text()


def test_no_mark_is_left(tmp_path: Path) -> None:
    for path in init(tmp_path):
        assert "@NAME@" not in (tmp_path / path).read_text()
        assert "@MAJOR_MINOR@" not in (tmp_path / path).read_text()
