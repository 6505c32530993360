"""The pytest plugin `queryport`: calls a project's operations through the handler, each test in a database of its own.

The project is pytest's root folder. It is compiled once a run; a test gets a copy of a database that has the migrations
and no seeds. Everything heavy is imported by the fixtures, since pytest loads plugins in every run.
"""

from __future__ import annotations

import json
import secrets
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from handler.main import Application
    from queryport.emulator import Emulator

_SECONDS = 30


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
        context: Any = SimpleNamespace(
            function_name="test",
            memory_limit_in_mb=512,
            invoked_function_arn="arn:aws:lambda:us-east-1:123456789012:function:test",
            aws_request_id="00000000-0000-4000-8000-000000000000",
            get_remaining_time_in_millis=lambda: _SECONDS * 1000,
        )
        return json.loads(self._application({"operation": operation, "parameters": parameters}, context))


@pytest.fixture(scope="session")
def queryport_project(
    pytestconfig: pytest.Config, queryport_emulator: Emulator, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Path, str]]:
    """The project's compiled catalogue, and the name of a database with its schema."""
    import psycopg
    from psycopg.conninfo import make_conninfo

    from queryport.compile import compile_project
    from queryport.compile.write.emit import write_catalog
    from queryport.migrations.runner import apply
    from queryport.project.project import Project

    project = Project.load(pytestconfig.rootpath)
    server = queryport_emulator.database_url
    name = f"project_{secrets.token_hex(6)}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"'.encode())
        url = make_conninfo(server, dbname=name)
        apply(url, project.migrations)
        compilation = compile_project(project.queries, url)
        if not compilation.ok:
            pytest.fail("\n".join(problem.render() for problem in compilation.problems), pytrace=False)
        path = tmp_path_factory.mktemp("queryport") / "catalog.json"
        write_catalog(path, compilation.catalogue, "test")
        yield path, name
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())


@pytest.fixture
def queryport_call(
    queryport_project: tuple[Path, str], queryport_emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Calls]:
    """Calls the project's operations in a fresh database: `queryport_call("notes.get_note", note_id=1)`."""
    import os

    import psycopg
    from psycopg.conninfo import make_conninfo

    catalog, template = queryport_project
    server = queryport_emulator.database_url
    name = f"test_{secrets.token_hex(6)}"
    for variable, value in {
        "AWS_ENDPOINT_URL_RDS_DATA": queryport_emulator.url,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "QUERYPORT_RESOURCE_ARN": "arn:aws:rds:us-east-1:123456789012:cluster:test",
        "QUERYPORT_SECRET_ARN": "arn:aws:secretsmanager:us-east-1:123456789012:secret:test",
        "QUERYPORT_DATABASE": name,
        "QUERYPORT_CATALOG": str(catalog),
    }.items():
        monkeypatch.setenv(variable, value)
    # Importing it reads the environment.
    from handler.main import Application
    from handler.settings import Settings

    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"'.encode())
        yield Calls(Application(Settings.from_environment(os.environ)), make_conninfo(server, dbname=name))
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())
