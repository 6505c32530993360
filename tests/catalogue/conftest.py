"""A catalogue of SQL that is not the example's, compiled and called through the handler, boto3 and the emulator."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest

from handler.contract.operation import Operation
from handler.settings import Settings
from queryport.compile import compile_project
from queryport.compile.write.emit import write_catalog
from queryport.emulator import Emulator
from queryport.migrations.runner import apply_scripts
from queryport.postgres.server import EmbeddedPostgres
from tests.catalogue.reads import READS
from tests.catalogue.writes import WRITES

Call = Callable[[Any], bytes]

_APPLICATIONS: list[object] = []
"""Kept until the process ends, as a Lambda keeps its own: an application holds its catalogue open."""


@pytest.fixture(scope="session")
def database_url(postgres: EmbeddedPostgres) -> str:
    with psycopg.connect(postgres.url(), autocommit=True) as connection:
        connection.execute("CREATE DATABASE catalogue_suite")
    url = postgres.url("catalogue_suite")
    apply_scripts(url, ())
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(Path(__file__).with_name("schema.sql").read_bytes())
    return url


@pytest.fixture(scope="session")
def catalogue(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Operation]]:
    """catalog.json and the operations in it."""
    folder = tmp_path_factory.mktemp("catalogue")
    for name, sql in {**{name: read.sql for name, read in READS.items()}, **WRITES}.items():
        (folder / f"{name}.sql").write_text(sql)
    compilation = compile_project(folder, database_url)
    assert compilation.ok, "\n".join(problem.render() for problem in compilation.problems)
    path = folder / "catalog.json"
    write_catalog(path, compilation.catalogue, "test")
    return path, {operation.name: operation for operation in compilation.operations}


@pytest.fixture(scope="session")
def call(catalogue: tuple[Path, dict[str, Operation]], database_url: str) -> Iterator[Call]:
    """The Lambda's entry, for this catalogue."""
    with Emulator(database_url) as emulator, pytest.MonkeyPatch.context() as patch:
        for name, value in {
            "AWS_ENDPOINT_URL_RDS_DATA": emulator.url,
            "AWS_DEFAULT_REGION": "eu-west-1",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "QUERYPORT_RESOURCE_ARN": "arn:aws:rds:eu-west-1:123456789012:cluster:test",
            "QUERYPORT_SECRET_ARN": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:test",
            "QUERYPORT_DATABASE": "catalogue_suite",
            "QUERYPORT_CATALOG": str(catalogue[0]),
            "POWERTOOLS_METRICS_NAMESPACE": "Queryport",
        }.items():
            patch.setenv(name, value)
        # Importing it reads the environment.
        from handler.main import Application

        application = Application(Settings.from_environment(os.environ))
        _APPLICATIONS.append(application)
        context = SimpleNamespace(
            function_name="test",
            memory_limit_in_mb=512,
            invoked_function_arn="arn:aws:lambda:eu-west-1:123456789012:function:test",
            aws_request_id="11111111-1111-1111-1111-111111111111",
            get_remaining_time_in_millis=lambda: 30_000,
        )
        yield lambda event: application(event, context)  # type: ignore[arg-type]  # a stand-in for LambdaContext
