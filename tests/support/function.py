"""The Lambda under test, called as AWS calls it: with events, and with a context."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, Self

from queryport.local.lambda_environment import FUNCTION_ARN
from queryport.testing.function import REQUEST_ID as REQUEST_ID
from queryport.testing.function import SECONDS, cold_start, function_environment, invoke

if TYPE_CHECKING:
    from handler.application import Application
    from handler.contract.operation import Operation


IAM_CALLER: Mapping[str, Any] = {
    "accessKey": "ASIAEXAMPLE",
    "accountId": "123456789012",
    "callerId": "AROAEXAMPLE:session",
    "cognitoIdentity": None,
    "principalOrgId": "o-example",
    "userArn": "arn:aws:sts::123456789012:assumed-role/shop-client/session",
    "userId": "AROAEXAMPLE:session",
}


@dataclass(frozen=True, slots=True)
class Response:
    """What an HTTP client would see."""

    status: int
    headers: dict[str, str]
    text: str
    is_base64: bool = False

    @property
    def json(self) -> Any:
        return json.loads(self.text)


class Function:
    def __init__(self, application: "Application", seconds: float = SECONDS) -> None:
        self._application = application
        self.seconds = seconds
        """The time that every call is given."""
        self.function_arn = FUNCTION_ARN

    @classmethod
    def over(cls, emulator_url: str, database: str, catalog: Path, seconds: float = SECONDS) -> Self:
        """Start a function for a catalogue and a database."""
        return cls(cold_start(function_environment(emulator_url, database, catalog)), seconds)

    caller: Mapping[str, Any] | None = IAM_CALLER
    """Whom AWS names as the caller of the Function URL; None for a URL without authentication."""

    def invoke(self, event: Any) -> Any:
        """A direct invocation; a failure is raised."""
        return json.loads(self.raw(event))

    def task(self, operation: str, **parameters: Any) -> Any:
        """The `data` of a direct call of an operation."""
        return self.invoke({"operation": operation, "parameters": parameters})["data"]

    def http(
        self,
        method: str,
        path: str,
        *,
        query: str = "",
        body: Any = None,
        text: str | None = None,
        headers: Mapping[str, str] | None = None,
        is_base64: bool = False,
    ) -> Response:
        """A request to the Function URL; `body` is sent as JSON, `text` as it is."""
        if body is not None:
            text = json.dumps(body)
            headers = {"content-type": "application/json", **(headers or {})}
        event = function_url_event(method, path, query, text, headers or {}, is_base64=is_base64)
        if self.caller is None:
            del event["requestContext"]["authorizer"]
        else:
            event["requestContext"]["authorizer"] = {"iam": self.caller}
        answer = json.loads(self.raw(event))
        return Response(answer["statusCode"], answer["headers"], answer["body"], answer.get("isBase64Encoded", False))

    def raw(self, event: Any) -> bytes:
        return invoke(self._application, event, self.seconds, function_arn=self.function_arn)


class NewFunction(Protocol):
    """Makes a function whose catalogue has these operations."""

    def __call__(self, *operations: "Operation") -> Function: ...


def function_url_event(
    method: str, path: str, query: str, body: str | None, headers: Mapping[str, str], *, is_base64: bool
) -> dict[str, Any]:
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": query,
        "headers": {"host": "id.lambda-url.eu-west-1.on.aws", **headers},
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "id",
            "authorizer": {"iam": IAM_CALLER},
            "domainName": "id.lambda-url.eu-west-1.on.aws",
            "http": {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": "t"},
            "requestId": REQUEST_ID,
            "routeKey": "$default",
            "stage": "$default",
            "time": "23/Nov/2026:12:00:00 +0000",
            "timeEpoch": 1795435200000,
        },
        **({} if body is None else {"body": body}),
        "isBase64Encoded": is_base64,
    }
