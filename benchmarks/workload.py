"""What both sides do: read orders of a shop, six columns a row, by the handler or with boto3 by hand.

Imports nothing of either side before it is asked for a call, so that a process that makes calls holds one side only.
"""

import itertools
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import orjson

ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "benchmark",
    "AWS_SECRET_ACCESS_KEY": "benchmark",
    "AWS_DEFAULT_REGION": "eu-west-1",
    "QUERYPORT_RESOURCE_ARN": "arn:aws:rds:eu-west-1:123456789012:cluster:shop",
    "QUERYPORT_SECRET_ARN": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop-AbCdEf",
    "QUERYPORT_DATABASE": "shop",
}

COLUMNS = ("order_id", "status", "placed_at", "total", "paid", "note")
SQL = (
    "SELECT order_id, status, placed_at, total, paid, note FROM orders WHERE order_id >= {} ORDER BY order_id LIMIT {}"
)


def rows(count: int) -> list[dict[str, Any]]:
    return [
        {
            "order_id": number,
            "status": ("open", "paid", "sent")[number % 3],
            "placed_at": f"2026-11-{number % 28 + 1:02}T12:{number % 60:02}:00+00:00",
            "total": f"{number % 900}.{number % 100:02}",
            "paid": number % 2 == 0,
            "note": None if number % 5 else f"ring the bell of house {number}",
        }
        for number in range(1, count + 1)
    ]


def typed_response(table: Sequence[dict[str, Any]]) -> bytes:
    """What AWS answers to a plain SELECT of the rows."""
    return orjson.dumps({"numberOfRecordsUpdated": 0, "records": [[_field(row[c]) for c in COLUMNS] for row in table]})


def json_response(table: Sequence[dict[str, Any]]) -> bytes:
    """What AWS answers to the compiled statement: one text column of JSON (a numeric is a number there)."""
    texts = [orjson.dumps({**row, "total": orjson.Fragment(row["total"])}).decode() for row in table]
    return orjson.dumps({"numberOfRecordsUpdated": 0, "records": [[{"stringValue": text}] for text in texts]})


def raw_response(table: Sequence[dict[str, Any]]) -> bytes:
    """The same for rows of any columns."""
    return orjson.dumps({"records": [[{"stringValue": orjson.dumps(row).decode()}] for row in table]})


def _field(value: Any) -> dict[str, Any]:
    if value is None:
        return {"isNull": True}
    if isinstance(value, bool):
        return {"booleanValue": value}
    if isinstance(value, int):
        return {"longValue": value}
    return {"stringValue": value.replace("T", " ").removesuffix("+00:00")}


def route(number: int) -> str:
    return f"/area{number % 100}/orders{number}/{{order_id}}"


def handler_call(catalog: Path, endpoint: str, number: int) -> Callable[[], bytes]:
    """A GET through the whole Lambda: event in, response out, the log line and the metrics written."""
    os.environ |= {**ENVIRONMENT, "AWS_ENDPOINT_URL_RDS_DATA": endpoint, "QUERYPORT_CATALOG": str(catalog)}
    from handler.main import lambda_handler  # which reads the environment when it is imported

    path = route(number).replace("{order_id}", "1")
    event = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": "count=1",
        "headers": {"accept": "application/json", "host": "id.lambda-url.eu-west-1.on.aws", "user-agent": "benchmark"},
        "queryStringParameters": {"count": "1"},
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "id",
            "authorizer": {"iam": {"userArn": "arn:aws:iam::123456789012:user/bench", "accountId": "123456789012"}},
            "domainName": "id.lambda-url.eu-west-1.on.aws",
            "http": {"method": "GET", "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": "b"},
            "requestId": "7c0a4b1e-9f2d-4e57-8a3f-0f1d2c3b4a59",
            "stage": "$default",
            "timeEpoch": 1795435200000,
        },
        "isBase64Encoded": False,
    }
    return lambda: lambda_handler(event, _Context)  # type: ignore[arg-type] # of the context, what is used


def write_call(catalog: Path, endpoint: str, *, keyed: bool) -> Callable[[], bytes]:
    """A direct invocation of a write through the whole Lambda, with a new idempotency key for each call or without."""
    os.environ |= {**ENVIRONMENT, "AWS_ENDPOINT_URL_RDS_DATA": endpoint, "QUERYPORT_CATALOG": str(catalog)}
    from handler.main import lambda_handler  # which reads the environment when it is imported

    parameters = {"order_id": 1, "note": "ring the bell"}
    numbers = itertools.count()

    def call() -> bytes:
        event: dict[str, Any] = {"operation": "orders.annotate", "parameters": parameters}
        if keyed:
            event["idempotency_key"] = f"arn:aws:states:eu-west-1:123456789012:execution:annotate:{next(numbers)}"
        return lambda_handler(event, _Context)  # type: ignore[arg-type] # of the context, what is used

    return call


class _Context:
    aws_request_id = "7c0a4b1e-9f2d-4e57-8a3f-0f1d2c3b4a59"

    @staticmethod
    def get_remaining_time_in_millis() -> int:
        return 30_000


def hand_written_call(endpoint: str) -> Callable[[], list[dict[str, Any]]]:
    """The same by hand: boto3 as it comes, a plain SELECT, and a loop over the fields."""
    import boto3  # type: ignore[import-untyped] # it ships no types

    client = boto3.client("rds-data", region_name=ENVIRONMENT["AWS_DEFAULT_REGION"], endpoint_url=endpoint)
    sql = SQL.format(":order_id", ":count")

    def call() -> list[dict[str, Any]]:
        answer = client.execute_statement(
            resourceArn=ENVIRONMENT["QUERYPORT_RESOURCE_ARN"],
            secretArn=ENVIRONMENT["QUERYPORT_SECRET_ARN"],
            database=ENVIRONMENT["QUERYPORT_DATABASE"],
            sql=sql,
            parameters=[
                {"name": "order_id", "value": {"longValue": 1}},
                {"name": "count", "value": {"longValue": 1}},
            ],
        )
        return [
            {
                column: None if "isNull" in field else next(iter(field.values()))
                for column, field in zip(COLUMNS, record, strict=True)
            }
            for record in answer["records"]
        ]

    return call
