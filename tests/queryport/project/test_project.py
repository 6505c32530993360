import os
from collections.abc import Callable
from pathlib import Path

import pytest

from queryport.project.project import Project
from queryport.project.settings import DevelopmentSettings, HttpSettings, ProjectError, ProjectSettings
from tests.support.projects import write
from tests.support.repository import ROOT


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "sql_queries").mkdir()
    return tmp_path


@pytest.mark.slow
def test_the_folders_have_their_usual_names(root: Path) -> None:
    (root / "seed").mkdir()
    assert Project.load(root) == Project(root, root / "sql_queries", root / "migrations", root / "seed")


def test_a_project_needs_no_seed(root: Path) -> None:
    assert Project.load(root).seed is None


def test_the_settings_give_other_names(root: Path) -> None:
    write(root, {"queryport.toml": 'queries = "db/queries"\nmigrations = "db/migrations"\nseed = "db/examples"\n'})
    for name in ("queries", "migrations", "examples"):
        (root / "db" / name).mkdir(parents=True)
    folder = root / "db"
    assert Project.load(root) == Project(root, folder / "queries", folder / "migrations", folder / "examples")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ('\nquerys = "a"\n', "queryport.toml:2: unknown key querys: did you mean queries?"),
        (
            'colour = "red"\n',
            "queryport.toml:1: unknown key colour: known are development, http, migrations, queries, seed",
        ),
        ('seed = "s"\n[tool]\nx = 1\n', "queryport.toml:2: unknown key tool"),
        ("[http.cors]\norigins = []\n", "queryport.toml:2: unknown key origins: did you mean allow_origins?"),
        (
            '[http.cors]\nallow_origins = ["shop.example"]\n',
            "queryport.toml:2: allow_origins: expected an origin such as",
        ),
        ("[http.cors]\nmax_age = 90000\n", "queryport.toml:2: max_age:"),
        (
            '[http]\n[http.cors]\nallow_origins = ["*"]\nallow_credentials = true\n',
            "queryport.toml:2: cors: allow_credentials needs the origins by name",
        ),
        ('[http]\nbig_numbers = "text"\n', "queryport.toml:2: big_numbers:"),
        ("[http]\nopen = 1\n", "queryport.toml:2: unknown key open: did you mean"),
        ('[http]\nservers = ["here"]\n', "queryport.toml:2: servers: expected an address such as"),
        ('[http]\nopenapi = "all"\n', "queryport.toml:2: openapi: Input should be 'callers', 'public' or 'off'"),
        ("queries = 3\n", "queryport.toml:1: queries: Input should be a valid string"),
        ('queries = "/srv"\n', "queryport.toml:1: queries: expected the name of a folder, relative to the project"),
        ('seed = "."\n', "queryport.toml:1: seed: expected the name of a folder"),
        ("queries = \n", "queryport.toml:1:11: not valid TOML: Invalid value"),
        ('migrations = "db"\n', 'queryport.toml says migrations = "db", and there is no such folder'),
    ],
)
def test_wrong_settings_are_refused_with_their_place(root: Path, settings: str, said: str) -> None:
    write(root, {"queryport.toml": settings})
    with pytest.raises(ProjectError) as caught:
        Project.load(root)
    assert said in str(caught.value)


def test_a_folder_without_query_files_is_no_project(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="query files are kept in sql_queries/, and there is no such folder"):
        Project.load(tmp_path)


def test_a_folder_that_does_not_exist_is_no_project(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="there is no such folder"):
        Project.load(tmp_path / "nowhere")


def test_every_setting_is_documented() -> None:
    page = (ROOT / "docs/project.md").read_text()
    for name, field in ProjectSettings.model_fields.items():
        assert f"`{name}`" in page or f"[{name}]" in page
        assert isinstance(field.default, str) is (f'"{field.default}"' in page)
    for name in (*DevelopmentSettings.model_fields, *HttpSettings.model_fields):
        assert f"`{name}`" in page


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
def test_settings_that_are_no_file_are_refused(root: Path, make: Callable[[Path], None]) -> None:
    make(root / "queryport.toml")
    with pytest.raises(ProjectError, match=r"queryport\.toml: it is not a regular file: move it"):
        Project.load(root)
