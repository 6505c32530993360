"""The package as it is installed: what is in it, and what its script says without the extra `tool`."""

import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.repository import ROOT

pytestmark = pytest.mark.slow

UV = Path(sys.executable).with_name("uv")


def _uv(*arguments: str | Path) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    done = subprocess.run([UV, *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("wheel")
    _uv("build", "--quiet", "--wheel", "--out-dir", folder)
    (built,) = folder.glob("*.whl")
    yield built
    built.unlink()


def test_everything_that_is_needed_is_in_it(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    tracked = subprocess.run(
        ["git", "ls-files", "handler", "queryport"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    assert set(tracked) <= names
    assert {"handler/py.typed", "queryport/py.typed"} <= names
    assert {name.partition("/")[0] for name in names if ".dist-info/" not in name} == {"handler", "queryport"}


def test_without_its_extra_the_script_names_it(wheel: Path, tmp_path: Path) -> None:
    _uv("venv", "--quiet", "--python", sys.executable, tmp_path / "venv")
    _uv("pip", "install", "--quiet", "--no-deps", "--python", tmp_path / "venv", wheel)
    done = subprocess.run([tmp_path / "venv/bin/queryport"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "error: the command line needs the module click, which comes with the extra `tool`: "
        "pip install 'queryport[tool]'\n"
    )
