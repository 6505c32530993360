"""The function in the tests' own process: the environment that it reads, and calls of it as AWS makes them."""

from __future__ import annotations

import json
import os
import time
from base64 import b64encode
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from queryport.aws.local_account import REGION
from queryport.local.default_caller import as_anonymous, as_iam
from queryport.local.lambda_environment import FUNCTION_ARN, FUNCTION_NAME
from queryport.local.lambda_environments import operation_variables

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from handler.application import Application

REQUEST_ID = "5f0c9a3e-1d0b-4c55-9b54-3a2e5f1a7c11"
SECONDS = 30.0


def client_environment(data_api_url: str) -> dict[str, str]:
    """The variables that point an AWS SDK at a local RDS Data API."""
    return {
        "AWS_ENDPOINT_URL_RDS_DATA": data_api_url,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
    }


def function_environment(data_api_url: str, database: str, catalog: Path) -> dict[str, str]:
    """The variables of a function that serves a catalogue from a database of a local RDS Data API."""
    return client_environment(data_api_url) | operation_variables(catalog, data_api_url, database)


def cold_start(environment: Mapping[str, str]) -> Application:
    """Make the function as a cold start does: it reads its environment then and not again."""
    with patch.dict(os.environ, environment):
        from handler.application import Application
        from handler.identity.settings import IdentitySettings
        from handler.settings import Settings

        return Application(Settings.from_environment(environment), IdentitySettings.from_environment(environment))


@dataclass(frozen=True, slots=True)
class CallContext:
    """The part of Lambda's context object that the handler reads."""

    ends: float
    """On the clock of time.monotonic."""
    aws_request_id: str = REQUEST_ID
    function_name: str = FUNCTION_NAME
    invoked_function_arn: str = FUNCTION_ARN
    memory_limit_in_mb: int = 512

    def get_remaining_time_in_millis(self) -> int:
        return max(0, int((self.ends - time.monotonic()) * 1000))


def function_url_event(
    method: str, target: str, body: Any, headers: Mapping[str, str], *, known: bool
) -> dict[str, Any]:
    """The event of a request to the Function URL; the caller is `known` to IAM, or not.

    A body that is neither text nor bytes is sent as JSON.
    """
    path, _, query = target.partition("?")
    sent = dict(headers)
    is_bytes = isinstance(body, bytes)
    if isinstance(body, bytes):
        body = b64encode(body).decode()
    elif body is not None and not isinstance(body, str):
        sent.setdefault("content-type", "application/json")
        body = json.dumps(body)
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": query,
        "headers": {"host": "localhost", **sent},
        "requestContext": {
            "apiId": "test",
            "http": {
                "method": method,
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": "127.0.0.1",
                "userAgent": "test",
            },
            "requestId": REQUEST_ID,
            "stage": "$default",
        },
        **({} if body is None else {"body": body}),
        "isBase64Encoded": is_bytes,
    }
    (as_iam if known else as_anonymous)(event)
    return event


def invoke(function: Application, event: Any, seconds: float = SECONDS, *, function_arn: str = FUNCTION_ARN) -> bytes:
    """Call the function with an event; the failure of a direct one is raised as one of handler.errors."""
    context: Any = CallContext(time.monotonic() + seconds, invoked_function_arn=function_arn)
    return function(event, context)
