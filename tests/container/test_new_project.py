"""What `queryport init` lays out, as an image: built by its Dockerfile of three lines, migrated over HTTPS, called."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from queryport.commands.init import init
from tests.container.docker import COMPILER, RUNTIME, build, output, python
from tests.container.function import Container, environment, started
from tests.support.data_api import Api
from tests.support.projects import QUERYPORT
from tests.support.repository import ROOT

IMAGE = "queryport-test/notes"
DATABASE = "notes"


@pytest.fixture(scope="module", autouse=True)
def stages() -> None:
    """The images that a project's Dockerfile names."""
    build(ROOT, COMPILER, "compiler")
    build(ROOT, RUNTIME, "runtime")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("new") / "notes"
    init(folder)
    return folder


@pytest.fixture(scope="module")
def notes(project: Path, compose_network: str, emulator_url: str) -> Iterator[Container]:
    """The project's function, over a database that `queryport migrate` made what it is."""
    with Api(emulator_url, "app") as api:
        api.execute(f"CREATE DATABASE {DATABASE}")
    subprocess.run(
        [QUERYPORT, "migrate"],
        cwd=project,
        env=os.environ | environment(emulator_url, DATABASE),
        check=True,
    )
    build(project, IMAGE)
    with started(IMAGE, network=compose_network, database=DATABASE) as container:
        yield container
    output("rmi", IMAGE)


def test_its_operations_and_no_others_are_served(notes: Container) -> None:
    written = notes.function.invoke({"operation": "notes.add_note", "parameters": {"title": "Größe"}})["data"]
    read = notes.function.invoke({"operation": "notes.get_note", "parameters": {"note_id": written["note_id"]}})
    assert read == {"data": written}
    foreign = notes.function.invoke({"operation": "catalogue.get_book", "parameters": {"book_id": 1}})
    assert foreign["errorType"] == "UnknownOperation"


def test_it_runs_as_an_unprivileged_user(notes: Container) -> None:
    assert output("exec", notes.name, "id", "--user") == "1000"


def test_a_query_that_postgresql_refuses_ends_the_build_at_its_place(tmp_path: Path) -> None:
    init(tmp_path / "notes")
    query = tmp_path / "notes" / "sql_queries" / "notes" / "get_note.sql"
    query.write_text(query.read_text().replace("SELECT", "SELECT nobody,"))
    with pytest.raises(subprocess.CalledProcessError) as refused:
        build(tmp_path / "notes", f"{IMAGE}-broken")
    assert "sql_queries/notes/get_note.sql:5:8" in "\n".join(refused.value.__notes__)


def test_the_function_without_operations_has_no_catalogue(stages: None) -> None:  # noqa: ARG001 (built by then)
    assert python(RUNTIME, "import os; print(os.path.exists('/var/task/catalog.json'))") == "False"
