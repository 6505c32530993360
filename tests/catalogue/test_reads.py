"""Every read, called over HTTP and directly, answers what psql answers for the same text."""

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from handler.contract.operation import Operation, Result
from queryport.postgres.programs import psql_program
from queryport.testing.databases import FreshDatabase
from tests.catalogue.conftest import Call
from tests.catalogue.reads import READS, Read
from tests.support.function import IAM_CALLER


def exact(text: str | bytes) -> Any:
    """JSON whose numbers keep their spelling."""
    return json.loads(text, parse_float=lambda digits: f"number {digits}", parse_int=lambda digits: f"number {digits}")


def by_psql(url: str, reads: Mapping[str, Read]) -> dict[str, str]:
    """The rows of reads as psql has them, or its error: the texts unchanged, their placeholders set as variables."""
    script = "".join(f"\\echo {_MARK} {name}\n{_script(read)}" for name, read in reads.items())
    answer = subprocess.run(
        [psql_program(), "-XAtq", url],
        input=script,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=True,
    )
    parts = (part.partition("\n") for part in answer.stdout.split(f"{_MARK} ")[1:])
    return {name: text for name, _, text in parts}


_MARK = "-- the read"


def _script(read: Read) -> str:
    literals = {name: read.literals.get(name) or literal(value) for name, value in read.parameters.items()}
    variables = "".join(f"\\set {name} {_argument(text)}\n" for name, text in literals.items())
    return f"""
DISCARD ALL;
{variables}SELECT coalesce(json_agg(row_to_json(psqls_row)), '[]') FROM (
{read.sql}
) psqls_row
;
"""


def _argument(text: str) -> str:
    """A text as an argument of psql's own commands."""
    escaped = text.replace("\\", "\\\\").replace("'", "''").replace("\n", "\\n")
    return f"'{escaped}'"


@pytest.fixture(scope="session")
def psqls(read_only: FreshDatabase) -> dict[str, str]:
    """The answers to all reads, by one session of psql."""
    return by_psql(read_only.url, READS)


def literal(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return {None: "NULL", True: "true", False: "false"}[value]
    text = str(value)
    escaped = text.replace("'", "''")
    return f"'{escaped}'"


def http_event(name: str, parameters: dict[str, Any]) -> dict[str, Any]:
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": f"/operations/{name}",
        "rawQueryString": "",
        "headers": {"content-type": "application/json"},
        "requestContext": {
            "authorizer": {"iam": IAM_CALLER},
            "http": {"method": "POST", "path": f"/operations/{name}", "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1"},
            "requestId": "1",
        },
        "body": json.dumps(parameters),
        "isBase64Encoded": False,
    }


@pytest.mark.parametrize("name", READS)
def test_answers_are_psqls(
    read: Call, catalogue: tuple[Path, dict[str, Operation]], psqls: dict[str, str], name: str
) -> None:
    parameters, operation = READS[name].parameters, catalogue[1][name]
    assert "ERROR" not in psqls[name][:100], psqls[name]
    expected = exact(psqls[name])
    response = json.loads(read(http_event(name, parameters)))
    assert response["statusCode"] == 200, response["body"]
    assert exact(response["body"])["data"] == expected
    if len(response["body"]) < 200_000:
        assert exact(read({"operation": name, "parameters": parameters}))["data"] == expected
    assert operation.result is Result.MANY
    data = json.loads(response["body"])["data"]
    Draft202012Validator.check_schema(operation.parameters_schema)
    errors = list(Draft202012Validator(operation.documentation.result_schema).iter_errors(data))
    assert not errors, [(list(error.absolute_path), error.message[:200]) for error in errors[:3]]
