"""Every read, called over HTTP and directly, answers what psql answers for the same text."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from handler.contract.operation import Operation, Result
from queryport.postgres.programs import psql_program
from tests.catalogue.conftest import Call
from tests.catalogue.reads import READS, Read
from tests.support.function import IAM_CALLER


def exact(text: str | bytes) -> Any:
    """JSON whose numbers keep their spelling."""
    return json.loads(text, parse_float=lambda digits: f"number {digits}", parse_int=lambda digits: f"number {digits}")


def from_psql(url: str, read: Read) -> Any:
    """The rows as psql has them: the text unchanged, its placeholders set as variables."""
    variables = [f"--set={name}={read.literals.get(name) or literal(value)}" for name, value in read.parameters.items()]
    script = f"SELECT coalesce(json_agg(row_to_json(psqls_row)), '[]') FROM (\n{read.sql}\n) psqls_row"
    answer = subprocess.run(
        [psql_program(), "-XAtq", "-v", "ON_ERROR_STOP=1", *variables, url],
        input=script,
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    return exact(answer.stdout)


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
    call: Call, catalogue: tuple[Path, dict[str, Operation]], database_url: str, name: str
) -> None:
    read, operation = READS[name], catalogue[1][name]
    expected = from_psql(database_url, read)
    response = json.loads(call(http_event(name, read.parameters)))
    assert response["statusCode"] == 200, response["body"]
    assert exact(response["body"])["data"] == expected
    if len(response["body"]) < 200_000:
        assert exact(call({"operation": name, "parameters": read.parameters}))["data"] == expected
    assert operation.result is Result.MANY
    data = json.loads(response["body"])["data"]
    Draft202012Validator.check_schema(operation.parameters_schema)
    errors = list(Draft202012Validator(operation.documentation.result_schema).iter_errors(data))
    assert not errors, [(list(error.absolute_path), error.message[:200]) for error in errors[:3]]
