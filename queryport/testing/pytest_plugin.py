"""The pytest plugin `queryport`: calls a project's operations through the handler, each test in a database of its own.

The project is pytest's root folder. It is compiled once a run; a test gets a copy of a database that has the migrations
and no seeds. Everything heavy is imported by the fixtures, since pytest loads plugins in every run.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from queryport import handler_package

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from handler.main import Application
    from queryport.emulator import Emulator


class Calls:
    """Calls operations as Step Functions does: the answer's `data`, or one of handler.errors as an exception."""

    def __init__(self, application: Application, database_url: str) -> None:
        self._application = application
        self.database_url = database_url
        """The test's database, for a driver that speaks PostgreSQL's own protocol."""

    def __call__(self, operation: str, /, **parameters: Any) -> Any:
        return self.answer(operation, **parameters)["data"]

    def answer(self, operation: str, /, **parameters: Any) -> Any:
        """The whole answer, with `next` where there is a further page."""
        from queryport.testing.function import invoke

        return json.loads(invoke(self._application, {"operation": operation, "parameters": parameters}))


@pytest.fixture(scope="session")
def queryport_project(
    pytestconfig: pytest.Config, queryport_emulator: Emulator, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Path, str]]:
    """The project's compiled catalogue, and the name of a database with its schema."""
    if clash := handler_package.clash():
        pytest.fail(clash, pytrace=False)
    from queryport.compile import compile_project
    from queryport.compile.write.emit import write_catalog
    from queryport.migrations.runner import apply
    from queryport.project.project import Project
    from queryport.testing.databases import fresh_database

    project = Project.load(pytestconfig.rootpath)
    with fresh_database(queryport_emulator.database_url) as database:
        apply(database.url, project.migrations)
        compilation = compile_project(project.queries, database.url)
        if not compilation.ok:
            pytest.fail("\n".join(problem.render() for problem in compilation.problems), pytrace=False)
        path = tmp_path_factory.mktemp("queryport") / "catalog.json"
        write_catalog(path, compilation.catalogue, "test")
        yield path, database.name


@pytest.fixture
def queryport_call(
    queryport_project: tuple[Path, str], queryport_emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Calls]:
    """Calls the project's operations in a fresh database: `queryport_call("notes.get_note", note_id=1)`."""
    from queryport.testing.databases import fresh_database
    from queryport.testing.function import cold_start, function_environment

    catalog, template = queryport_project
    with fresh_database(queryport_emulator.database_url, template) as database:
        environment = function_environment(queryport_emulator.url, database.name, catalog)
        for variable, value in environment.items():
            monkeypatch.setenv(variable, value)
        yield Calls(cold_start(environment), database.url)
