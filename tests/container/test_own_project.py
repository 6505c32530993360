"""A project of one's own: its query files and a Dockerfile of three lines."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.container.docker import COMPILER, RUNTIME, build, output, python
from tests.container.function import Container, started

ROOT = Path(__file__).resolve().parents[2]
PROJECT = Path(__file__).resolve().parent / "own_project"
IMAGE = "queryport-test/own-project"


@pytest.fixture(scope="module", autouse=True)
def stages() -> None:
    """The images that a project's Dockerfile names."""
    build(ROOT, COMPILER, "compiler")
    build(ROOT, RUNTIME, "runtime")


@pytest.fixture(scope="module")
def greeter(compose_network: str) -> Iterator[Container]:
    build(PROJECT, IMAGE)
    variables = {
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_ENDPOINT_URL_RDS_DATA": "http://emulator:8081",
        "QUERYPORT_RESOURCE_ARN": "arn:aws:rds:us-east-1:123456789012:cluster:local",
        "QUERYPORT_SECRET_ARN": "arn:aws:secretsmanager:us-east-1:123456789012:secret:local",
        "QUERYPORT_DATABASE": "app",
    }
    with started(IMAGE, network=compose_network, variables=variables) as container:
        yield container
    output("rmi", IMAGE)


def test_its_dockerfile_has_three_lines() -> None:
    assert len((PROJECT / "Dockerfile").read_text().splitlines()) == 3


def test_its_operations_and_no_others_are_served(greeter: Container) -> None:
    answer = greeter.function.invoke({"operation": "greetings.greet", "parameters": {"name": "Zoë"}})
    assert answer == {"data": "Hello, Zoë"}
    foreign = greeter.function.invoke({"operation": "catalogue.get_book", "parameters": {"book_id": 1}})
    assert foreign["errorType"] == "UnknownOperation"


def test_it_runs_as_an_unprivileged_user(greeter: Container) -> None:
    assert output("exec", greeter.name, "id", "--user") == "1000"


def test_a_query_that_postgresql_refuses_ends_the_build_at_its_place(tmp_path: Path) -> None:
    shutil.copytree(PROJECT, tmp_path / "project")
    query = tmp_path / "project" / "sql_queries" / "greetings" / "greet.sql"
    query.write_text(query.read_text().replace("SELECT", "SELECT nobody ||"))
    with pytest.raises(subprocess.CalledProcessError) as refused:
        build(tmp_path / "project", f"{IMAGE}-broken")
    assert "sql_queries/greetings/greet.sql:4:8" in "\n".join(refused.value.__notes__)


def test_the_function_without_operations_has_no_catalogue(stages: None) -> None:  # noqa: ARG001 (built by then)
    assert python(RUNTIME, "import os; print(os.path.exists('/var/task/catalog.json'))") == "False"
