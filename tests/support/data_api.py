"""The real boto3 against an emulator, in as few words as a test wants to spend on it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import boto3  # type: ignore[import-untyped]  # its stubs are a package of their own
from botocore.config import Config
from botocore.exceptions import ClientError

RESOURCE_ARN = "arn:aws:rds:us-east-1:123456789012:cluster:shop"
SECRET_ARN = "arn:aws:secretsmanager:us-east-1:123456789012:secret:shop-AbCdEf"  # noqa: S105 (a name, not a secret)


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer that is not a success."""

    code: str
    message: str
    status: int
    members: Mapping[str, Any]


class Api:
    """A client with its ARNs and database; a call answers the response's members, without boto3's own."""

    def __init__(
        self,
        url: str,
        database: str | None,
        *,
        resource_arn: str = RESOURCE_ARN,
        secret_arn: str = SECRET_ARN,
        attempts: int = 1,
    ) -> None:
        self.url = url
        self.addressed = {"resourceArn": resource_arn, "secretArn": secret_arn}
        self.database = database
        # The service is to judge parameters, not the client.
        config = Config(
            retries={"total_max_attempts": attempts},
            parameter_validation=False,
            max_pool_connections=80,
            read_timeout=90,
        )
        self.client: Any = boto3.client(
            "rds-data",
            endpoint_url=url,
            region_name="us-east-1",
            aws_access_key_id="AKIDEXAMPLE",
            aws_secret_access_key="secret",  # noqa: S106 (any will do)
            config=config,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()

    def call(self, operation: str, **members: Any) -> dict[str, Any]:
        addressed = self.addressed | ({"database": self.database} if self.database else {})
        if operation in ("commit_transaction", "rollback_transaction"):
            addressed = dict(self.addressed)
        answer: dict[str, Any] = getattr(self.client, operation)(**addressed | members)
        answer.pop("ResponseMetadata")
        return answer

    def execute(self, sql: str, *parameters: Mapping[str, Any], **members: Any) -> dict[str, Any]:
        if parameters:
            members["parameters"] = list(parameters)
        return self.call("execute_statement", sql=sql, **members)

    def rows(self, sql: str, *parameters: Mapping[str, Any], **members: Any) -> list[list[dict[str, Any]]]:
        records: list[list[dict[str, Any]]] = self.execute(sql, *parameters, **members)["records"]
        return records

    def value(self, sql: str, *parameters: Mapping[str, Any], **members: Any) -> Any:
        """The one field of the one row: its member's value, None for NULL."""
        [[field]] = self.rows(sql, *parameters, **members)
        [(member, value)] = field.items()
        return None if member == "isNull" else value

    def begin(self) -> str:
        transaction_id: str = self.call("begin_transaction")["transactionId"]
        return transaction_id

    def commit(self, transaction_id: str) -> str:
        status: str = self.call("commit_transaction", transactionId=transaction_id)["transactionStatus"]
        return status

    def rollback(self, transaction_id: str) -> str:
        status: str = self.call("rollback_transaction", transactionId=transaction_id)["transactionStatus"]
        return status

    def refusal(self, sql: str, *parameters: Mapping[str, Any], **members: Any) -> Refusal:
        """What the service answers to a statement that it must refuse."""
        return refused(lambda: self.execute(sql, *parameters, **members))


def refused(call: Any) -> Refusal:
    try:
        answer = call()
    except ClientError as error:
        response: dict[str, Any] = dict(error.response)
        members = {name: value for name, value in response.items() if name not in ("Error", "ResponseMetadata")}
        return Refusal(
            response["Error"]["Code"],
            response["Error"].get("Message", ""),
            response["ResponseMetadata"]["HTTPStatusCode"],
            members,
        )
    raise AssertionError(f"expected an error, got {answer}")


def text(name: str, value: str, hint: str | None = None) -> dict[str, Any]:
    parameter: dict[str, Any] = {"name": name, "value": {"stringValue": value}}
    return parameter | ({"typeHint": hint} if hint else {})


def long(name: str, value: int) -> dict[str, Any]:
    return {"name": name, "value": {"longValue": value}}


def null(name: str) -> dict[str, Any]:
    return {"name": name, "value": {"isNull": True}}
