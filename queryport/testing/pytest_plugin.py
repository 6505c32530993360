"""The pytest plugin `queryport`: calls a project's operations through the handler, each test in a database of its own.

The project is pytest's root folder. It is compiled once a run; a test gets a copy of a database that has the migrations
and no seeds. Everything heavy is imported by the fixtures, since pytest loads plugins in every run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from queryport import handler_package
from queryport.testing.calls import Calls, Compiled

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from queryport.emulator import Emulator
    from queryport.local.api_keys import LocalApiKeys


@pytest.fixture(scope="session")
def queryport_project(compiled_queryport_project: Compiled) -> tuple[Path, str]:
    """The project's compiled catalogue, and the name of a database with its schema."""
    return compiled_queryport_project.catalog, compiled_queryport_project.database


@pytest.fixture(scope="session")
def compiled_queryport_project(
    pytestconfig: pytest.Config, queryport_emulator: Emulator, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Compiled]:
    """The project's compiled catalogue, a database with its schema, and what a document is made of."""
    if clash := handler_package.clash():
        pytest.fail(clash, pytrace=False)
    from queryport.compile import compile_project
    from queryport.migrations.runner import apply
    from queryport.project.catalog_files import write_callable
    from queryport.project.databases import Scripts
    from queryport.project.project import Project
    from queryport.project.workspace import Build
    from queryport.testing.databases import fresh_database

    project = Project.load(pytestconfig.rootpath)
    with fresh_database(queryport_emulator.database_url) as database:
        apply(database.url, project.migrations)
        compilation = compile_project(project.queries, database.url, defaults=project.query_defaults)
        if not compilation.ok:
            pytest.fail("\n".join(problem.render() for problem in compilation.problems), pytrace=False)
        path = tmp_path_factory.mktemp("queryport") / "catalog.json"
        build = Build(project, Scripts.of(project), compilation)
        write_callable(path, build, local=False)
        yield Compiled(path, database.name, build)


@pytest.fixture(scope="session")
def queryport_role_emulator(
    pytestconfig: pytest.Config,
    queryport_project: tuple[Path, str],  # noqa: ARG001 (its migrations have made the role by then)
    queryport_emulator: Emulator,
    queryport_api_keys: LocalApiKeys,
) -> Iterator[Emulator]:
    """The emulator that runs operations as the project's role."""
    from queryport.emulator import Emulator
    from queryport.project.development_role import as_role
    from queryport.project.project import Project

    role = Project.load(pytestconfig.rootpath).role
    if role is None:
        yield queryport_emulator
        return
    with Emulator(as_role(queryport_emulator.database_url, role), secrets=queryport_api_keys.secret) as emulator:
        yield emulator


@pytest.fixture
def queryport_call(
    compiled_queryport_project: Compiled,
    queryport_emulator: Emulator,
    queryport_role_emulator: Emulator,
    queryport_api_keys: LocalApiKeys,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> Iterator[Calls]:
    """Calls the project's operations in a fresh database: `queryport_call("notes.get_note", note_id=1)`.

    They run as the role that queryport.toml names under [development], if it names one.
    """
    from queryport.local.issuer import ISSUERS_VARIABLE, DevelopmentIssuer
    from queryport.testing.databases import fresh_database
    from queryport.testing.function import cold_start, function_environment

    catalog, template, _ = compiled_queryport_project
    issuer = DevelopmentIssuer(tmp_path)
    with fresh_database(queryport_emulator.database_url, template) as database:
        environment = function_environment(queryport_role_emulator.url, database.name, catalog)
        environment |= queryport_api_keys.environment(queryport_role_emulator.url)
        environment[ISSUERS_VARIABLE] = issuer.trusted(None)
        for variable, value in environment.items():
            monkeypatch.setenv(variable, value)
        yield Calls(cold_start(environment), database.url, issuer, queryport_api_keys, compiled_queryport_project)
