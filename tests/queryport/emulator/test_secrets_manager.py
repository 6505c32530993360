"""Secrets Manager as the emulator answers for it, asked by the real boto3."""

from collections.abc import Iterator
from typing import Any

import boto3  # type: ignore[import-untyped]  # its stubs are a package of their own
import httpx
import pytest
from botocore.exceptions import ClientError

from queryport.emulator import Emulator
from queryport.postgres.server import EmbeddedPostgres


@pytest.fixture(scope="module")
def emulator(postgres: EmbeddedPostgres) -> Iterator[Emulator]:
    with Emulator(postgres.url(), secrets={"arn:a:secret:mine": '{"keys": []}'}.get) as emulator:
        yield emulator


@pytest.fixture(scope="module")
def client(emulator: Emulator) -> Any:
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    return boto3.client("secretsmanager", region_name="us-east-1", endpoint_url=emulator.url, **keys)


def test_a_secret_is_answered(client: Any) -> None:
    answer = client.get_secret_value(SecretId="arn:a:secret:mine")
    assert (answer["SecretString"], answer["ARN"], answer["Name"]) == ('{"keys": []}', "arn:a:secret:mine", "mine")


def test_another_secret_is_refused_as_aws_refuses_it(client: Any) -> None:
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.get_secret_value(SecretId="arn:a:secret:other")


def test_nothing_but_reading_is_known(client: Any) -> None:
    with pytest.raises(ClientError, match="UnknownOperationException"):
        client.put_secret_value(SecretId="arn:a:secret:mine", SecretString="x")


@pytest.mark.parametrize("body", ["", "[]", "{}", '{"SecretId": 1}'])
def test_a_request_that_is_none_is_refused(emulator: Emulator, body: str) -> None:
    signed = {
        "authorization": "AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/secretsmanager/aws4_request, "
        "SignedHeaders=host, Signature=b",
        "x-amz-date": "20260101T000000Z",
        "x-amz-target": "secretsmanager.GetSecretValue",
    }
    answer = httpx.post(emulator.url, content=body, headers=signed)
    assert answer.status_code == 400
    assert answer.json()["__type"] in ("InvalidParameterException", "ResourceNotFoundException")


def test_an_unsigned_request_is_refused(emulator: Emulator) -> None:
    answer = httpx.post(
        emulator.url,
        json={"SecretId": "arn:a:secret:mine"},
        headers={"x-amz-target": "secretsmanager.GetSecretValue"},
    )
    assert (answer.status_code, answer.json()["__type"]) == (403, "MissingAuthenticationTokenException")


def test_an_emulator_without_secrets_knows_no_secrets_manager(postgres: EmbeddedPostgres) -> None:
    with Emulator(postgres.url()) as emulator:
        assert httpx.post(emulator.url, json={}).status_code == 404
