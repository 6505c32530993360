"""One function under the RIE for most tests, over the emulator and a real PostgreSQL."""

from collections.abc import Iterator, Mapping

import pytest

from handler.contract.operation import Http, Parameter, Result
from queryport.compile.write.emit import write_catalog
from queryport.emulator import Emulator
from queryport.testing.function import function_environment
from tests.support.lambda_runtime import LambdaRuntime
from tests.support.operations import ANY, INTEGER, operation, rows_of

OPERATIONS = [
    operation(
        rows_of(
            "SELECT n, 'é \"' || n AS label, 1.10::numeric(20,10) AS price FROM generate_series(1, (:count::int)) n"
        ),
        name="numbers.list",
        parameters={"count": INTEGER},
        http=Http("GET", "/numbers/{count}"),
    ),
    operation(
        "SELECT to_json(:document::json)::text",
        name="document.echo",
        result=Result.VALUE,
        parameters={"document": ANY},
        how=[Parameter("document", "json")],
    ),
    operation(
        rows_of("SELECT n FROM generate_series(1, (:count::int)) n"),
        name="numbers.one",
        result=Result.ONE,
        parameters={"count": INTEGER},
    ),
]


@pytest.fixture(scope="session")
def environment(queryport_emulator: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    catalog = tmp_path_factory.mktemp("runtime") / "catalog.json"
    write_catalog(catalog, OPERATIONS, fingerprint="f00d")
    return function_environment(queryport_emulator.url, "postgres", catalog)


@pytest.fixture(scope="session")
def function(environment: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[LambdaRuntime]:
    with LambdaRuntime(environment, tmp_path_factory.mktemp("function") / "log") as function:
        yield function
