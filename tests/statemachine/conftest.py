"""State machines, executed: moto interprets the states, the real handler answers, PostgreSQL keeps the books."""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import boto3  # type: ignore[import-untyped]  # its stubs are a package of their own
import psycopg
import pytest

from queryport.compile import Compilation
from queryport.compile.write.emit import write_catalog
from queryport.emulator import Emulator
from queryport.local.lambda_environment import process_environment
from queryport.local.lambda_environments import operation_variables
from queryport.migrations.runner import apply
from queryport.postgres.server import EmbeddedPostgres
from queryport.testing.databases import FreshDatabase
from tests.statemachine.emulated_lambda import LambdaDoor
from tests.support.databases import copy_for_suite, fresh_copy, run_script, template_database
from tests.support.lambda_runtime import LambdaRuntime
from tests.support.repository import MIGRATIONS, ROOT
from tests.support.shop import compiled_shop
from tests.support.step_functions import step_functions

MACHINES = ROOT / "statemachine"
_FUNCTION_SECONDS = 4
_EXECUTION_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Execution:
    status: str
    output: Any
    error: str | None
    cause: Any


Execute = Callable[[dict[str, Any], dict[str, Any]], Execution]


@dataclass(frozen=True, slots=True)
class Shop:
    """The bookshop with its function, and a Step Functions that calls it."""

    door: LambdaDoor
    emulator: Emulator
    execute: Execute
    """Runs a definition with an input to its end."""
    fetch: Callable[[str], list[tuple[Any, ...]]]
    """Asks the database."""
    change: Callable[[str], None]
    """Changes the database behind the function's back."""


def _fill(url: str) -> None:
    apply(url, MIGRATIONS)
    run_script(url, Path(__file__).with_name("shop.sql"))


@pytest.fixture(scope="session")
def shop_template(postgres: EmbeddedPostgres) -> FreshDatabase:
    """A small bookshop's database, which nothing may be connected to: it is copied."""
    return template_database(postgres, "small_shop", _fill)


@pytest.fixture(scope="session")
def untouched_shop(postgres: EmbeddedPostgres, shop_template: FreshDatabase) -> FreshDatabase:
    """A copy that no test changes."""
    return copy_for_suite(postgres, shop_template, "untouched_shop")


@pytest.fixture(scope="session")
def compilation(postgres: EmbeddedPostgres) -> Compilation:
    return compiled_shop(postgres)


@pytest.fixture(scope="session")
def function(
    untouched_shop: FreshDatabase, compilation: Compilation, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[LambdaDoor, Emulator]]:
    folder = tmp_path_factory.mktemp("function")
    write_catalog(folder / "catalog.json", compilation.catalogue, "test")
    with Emulator(untouched_shop.url) as emulator:
        variables = process_environment() | operation_variables(
            folder / "catalog.json", emulator.url, untouched_shop.name
        )
        runtime = LambdaRuntime(variables, folder / "function.log", timeout_seconds=_FUNCTION_SECONDS)
        with runtime, LambdaDoor(runtime).open() as door:
            yield door, emulator


@pytest.fixture(scope="module")
def execute(function: tuple[LambdaDoor, Emulator]) -> Iterator[Execute]:
    """Runs a definition with an input to its end."""
    environment = {
        "AWS_ENDPOINT_URL_LAMBDA": function[0].url,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    with pytest.MonkeyPatch.context() as patch, step_functions():
        for name, value in environment.items():
            patch.setenv(name, value)
        yield StepFunctions().execute


@pytest.fixture
def shop(
    function: tuple[LambdaDoor, Emulator],
    execute: Execute,
    postgres: EmbeddedPostgres,
    shop_template: FreshDatabase,
    untouched_shop: FreshDatabase,
) -> Iterator[Shop]:
    """A shop of the test's own, as it was on its first day."""
    door, emulator = function
    door.events.clear()
    with fresh_copy(postgres, shop_template) as copy:
        emulator.redirect(copy.url)

        def fetch(query: str) -> list[tuple[Any, ...]]:
            with psycopg.connect(copy.url) as connection:
                return connection.execute(query.encode()).fetchall()

        yield Shop(door, emulator, execute, fetch, partial(run_script, copy.url))
        door.deliveries, door.lost_answers = 1, 0
        emulator.faults.clear()
        emulator.redirect(untouched_shop.url)


def machine(name: str) -> dict[str, Any]:
    """A state machine of this project, with the function filled in as the template does."""
    text = (MACHINES / f"{name}.asl.json").read_text()
    definition: dict[str, Any] = json.loads(filled_in(text))
    return definition


def filled_in(text: str) -> str:
    return text.replace("${QueryportFunctionArn}", "arn:aws:lambda:us-east-1:123456789012:function:queryport:live")


class StepFunctions:
    """Step Functions as moto plays it: each definition is read once, since that takes half a second."""

    def __init__(self) -> None:
        self._client = boto3.client("stepfunctions")
        self._machines: dict[str, str] = {}

    def execute(self, definition: dict[str, Any], given: dict[str, Any]) -> Execution:
        # Unnamed executions would all be the same one to moto.
        started = self._client.start_execution(
            stateMachineArn=self._machine(json.dumps(definition)),
            name=f"execution_{time.monotonic_ns()}",
            input=json.dumps(given),
        )
        deadline, pause = time.monotonic() + _EXECUTION_SECONDS, 0.05
        while (found := self._client.describe_execution(executionArn=started["executionArn"]))["status"] == "RUNNING":
            assert time.monotonic() < deadline, "the execution does not end"
            time.sleep(pause)
            pause = min(pause * 1.2, 0.3)
        cause = found.get("cause")
        return Execution(
            found["status"],
            json.loads(found["output"]) if found.get("output") else None,
            found.get("error"),
            json.loads(cause) if cause and cause.startswith("{") else cause,
        )

    def _machine(self, definition: str) -> str:
        if definition not in self._machines:
            made = self._client.create_state_machine(
                name=f"machine_{len(self._machines)}",
                definition=definition,
                roleArn="arn:aws:iam::123456789012:role/states",
            )
            self._machines[definition] = made["stateMachineArn"]
        return self._machines[definition]
