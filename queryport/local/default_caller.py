"""The caller of a local request that brings no credentials: what `queryport serve --as` names."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import orjson

from queryport.console.failure import CommandError
from queryport.local.lambda_environment import ACCOUNT

IAM_DEVELOPER: Mapping[str, Any] = {
    "accessKey": "local",
    "accountId": ACCOUNT,
    "callerId": "developer",
    "cognitoIdentity": None,
    "principalOrgId": None,
    "userArn": f"arn:aws:iam::{ACCOUNT}:user/developer",
    "userId": "developer",
}
"""The caller that AWS names in the event of a request that the developer signed."""

_CREDENTIALS = ("authorization", "x-api-key")

DefaultCaller = Callable[[dict[str, Any]], None]
"""Gives an event its caller, where it has none."""


class AsError(CommandError):
    """`--as` names no caller."""


def as_iam(event: dict[str, Any]) -> None:
    """Let IAM know the caller as the developer."""
    event["requestContext"] |= {"accountId": ACCOUNT, "authorizer": {"iam": IAM_DEVELOPER}}


def as_anonymous(event: dict[str, Any]) -> None:
    """Leave the caller unknown."""
    event["requestContext"]["accountId"] = "anonymous"


def as_token(token: Callable[[], str]) -> DefaultCaller:
    """Give each request a token, unless it brings credentials of its own."""

    def give(event: dict[str, Any]) -> None:
        as_anonymous(event)
        if not any(name in event["headers"] for name in _CREDENTIALS):
            event["headers"]["authorization"] = f"Bearer {token()}"

    return give


def default_caller(text: str, token: Callable[[Mapping[str, Any]], str]) -> DefaultCaller:
    """Read `--as`: iam, anonymous, or the claims of a token, which `token` makes. Raises AsError."""
    if text == "iam":
        return as_iam
    if text == "anonymous":
        return as_anonymous
    claims = read_claims("--as", text)
    return as_token(lambda: token(claims))


def read_claims(option: str, text: str) -> Mapping[str, Any]:
    """Read claims as JSON. Raises AsError."""
    try:
        claims = orjson.loads(text)
    except orjson.JSONDecodeError:
        claims = None
    if not isinstance(claims, dict):
        example = json.dumps({"sub": "alice", "tenant_id": 7})
        raise AsError(f"{option} takes claims as a JSON object, such as '{example}'")
    return claims
