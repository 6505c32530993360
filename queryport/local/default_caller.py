"""The caller of a local request that brings no credentials: what `queryport serve --as` names."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import orjson

from handler.contract.operation import Operation
from handler.contract.rights import Rule, parse
from queryport.aws.local_account import ACCOUNT
from queryport.console.failure import CommandError

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


def may_call(text: str) -> Callable[[Operation], bool]:
    """Return whether the caller that `--as` names may certainly call an operation. `text` has been read before."""
    kind = text if text in ("iam", "anonymous") else "jwt"
    claims = read_claims("--as", text) if kind == "jwt" else {}

    def holds(rule: Rule) -> bool:
        if rule.kind == "anyone":
            return True
        if rule.kind != kind:
            return False
        name, _, value = (rule.detail or "").partition("=")
        return rule.detail is None or (kind == "jwt" and _has(claims.get(name), value))

    return lambda operation: any(holds(parse(rule)) for rule in operation.access.allow)


def _has(claim: Any, value: str) -> bool:
    return claim == value or (isinstance(claim, list) and value in claim)


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
