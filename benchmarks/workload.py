"""What both sides do: read orders of a shop, six columns a row, by the handler or with boto3 by hand.

Imports nothing of either side before it is asked for a call, so that a process that makes calls holds one side only and
that what a start imports is counted.
"""

import itertools
import os
from collections.abc import Callable
from typing import Any

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


def route(number: int) -> str:
    return f"/area{number % 100}/orders{number}/{{order_id}}"


def handler_call(catalog: str, endpoint: str | None, number: int) -> Callable[[], bytes]:
    """A GET through the whole Lambda: event in, response out, the log line and the metrics written."""
    _set_up(catalog, endpoint)
    from handler.main import lambda_handler  # which reads the environment when it is imported

    event = _event(number)
    return lambda: lambda_handler(event, _Context)  # type: ignore[arg-type] # of the context, what is used


def direct_call(catalog: str, endpoint: str) -> Callable[[], bytes]:
    """The same read as a direct invocation."""
    _set_up(catalog, endpoint)
    from handler.main import lambda_handler  # which reads the environment when it is imported

    event = {"operation": "area0.orders_0", "parameters": {"order_id": 1, "count": 1}}
    return lambda: lambda_handler(event, _Context)  # type: ignore[arg-type] # of the context, what is used


def browser_call(catalog: str, endpoint: str, *, has_it: bool) -> Callable[[], bytes]:
    """The same GET by a browser, which takes gzip, and may have the answer already."""
    _set_up(catalog, endpoint)
    import orjson

    from handler.main import lambda_handler  # which reads the environment when it is imported

    event = _event(0)
    event["headers"]["accept-encoding"] = "gzip, deflate, br, zstd"
    if not has_it:
        return lambda: lambda_handler(event, _Context)  # type: ignore[arg-type] # of the context, what is used
    answer: dict[str, Any] = orjson.loads(lambda_handler(event, _Context))  # type: ignore[arg-type] # of the context, what is used
    event["headers"]["if-none-match"] = answer["headers"]["etag"]
    if b'"statusCode":304' not in lambda_handler(event, _Context):  # type: ignore[arg-type] # as above
        raise RuntimeError("the handler does not know its own entity tag")
    return lambda: lambda_handler(event, _Context)  # type: ignore[arg-type] # as above


def token_call(catalog: str, endpoint: str, *, seen: bool) -> Callable[[], bytes]:
    """The same GET with a token: one that the handler has seen before, or a new one for each call."""
    from benchmarks import tokens

    _set_up(catalog, endpoint)
    issuer = tokens.Issuer()
    os.environ["QUERYPORT_JWT_ISSUERS"] = issuer.setting()
    from handler.main import lambda_handler  # which reads the environment when it is imported

    made = itertools.repeat(issuer.token(0)) if seen else iter([issuer.token(number) for number in range(_MOST_CALLS)])
    event = _event(0)

    def call() -> bytes:
        event["headers"]["authorization"] = f"Bearer {next(made)}"
        return lambda_handler(event, _Context)  # type: ignore[arg-type] # of the context, what is used

    if b'"statusCode":200' not in call():
        raise RuntimeError("the handler does not accept the token")
    return call


_MOST_CALLS = 1000  # as many tokens as the handler remembers


def _event(number: int) -> dict[str, Any]:
    path = route(number).replace("{order_id}", "1")
    return {
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


def _set_up(catalog: str, endpoint: str | None) -> None:
    os.environ |= {**ENVIRONMENT, "QUERYPORT_CATALOG": catalog}
    if endpoint is not None:
        os.environ["AWS_ENDPOINT_URL_RDS_DATA"] = endpoint


def write_call(catalog: str, endpoint: str, *, keyed: bool) -> Callable[[], bytes]:
    """A direct invocation of a write through the whole Lambda, with a new idempotency key for each call or without."""
    _set_up(catalog, endpoint)
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
    function_name = "queryport"
    invoked_function_arn = "arn:aws:lambda:eu-west-1:123456789012:function:queryport"
    memory_limit_in_mb = 512

    @staticmethod
    def get_remaining_time_in_millis() -> int:
        return 30_000


def hand_written_call(endpoint: str | None) -> Callable[[], list[dict[str, Any]]]:
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
