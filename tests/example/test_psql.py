"""Every query file runs in psql as it stands, its placeholders being psql's variables."""

import csv
import io
import subprocess

import pytest

from handler.contract.operation import Result
from queryport.compile import Compilation
from queryport.postgres.programs import psql_program
from tests.example.calls import Call, file_of, literals, recorded

pytestmark = pytest.mark.slow

CALLS = {call.operation: call for call in reversed(recorded()) if call.error is None}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_runs_in_psql(call: Call, pristine: str, compilation: Compilation) -> None:
    operation = next(operation for operation in compilation.operations if operation.name == call.operation)
    variables = [word for name, value in literals(operation, call).items() for word in ("-v", f"{name}={value}")]
    script = ["-c", "BEGIN", "-f", str(file_of(call.operation)), "-c", "ROLLBACK"]

    ran = subprocess.run(
        [psql_program(), pristine, "-X", "--quiet", "--csv", "-v", "ON_ERROR_STOP=1", *variables, *script],
        capture_output=True,
        text=True,
        check=False,
    )

    assert ran.returncode == 0, ran.stderr
    header = next(csv.reader(io.StringIO(ran.stdout)), [])
    if operation.result in (Result.MANY, Result.ONE, Result.MAYBE):
        shape = operation.documentation.result_schema.get("items", operation.documentation.result_schema)
        assert header == list(shape["properties"])
