"""AWS Secrets Manager's GetSecretValue, for the secrets of a local function: the protocol, and no secret of its own.

An AWS SDK whose AWS_ENDPOINT_URL_SECRETS_MANAGER is the emulator's address asks here. As with the RDS Data API, a
request must be signed, and whether the signature is right is not checked.
"""

from collections.abc import Callable

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route
from starlette.types import Scope

from queryport.emulator.errors import ApiError
from queryport.emulator.http.signature import signed_region

Secrets = Callable[[str], str | None]
"""Gives the text of the secret of an ARN, None where there is no such secret."""

_TARGET = "secretsmanager.GetSecretValue"
_CONTENT_TYPE = "application/x-amz-json-1.1"
_VERSION = "00000000-0000-4000-8000-000000000000"


def secrets_route(secrets: Secrets) -> Route:
    """Return the route that answers for these secrets."""

    async def answer(request: Request) -> Response:
        target = request.headers.get("x-amz-target", "")
        try:
            signed_region(dict(request.scope["headers"]), request.scope["query_string"], "secretsmanager")
        except ApiError as error:
            return _refused(error.code, error.message or "", error.status)
        if target != _TARGET:
            return _refused("UnknownOperationException", f"expected {_TARGET}", 400)
        try:
            secret_id = orjson.loads(await request.body())["SecretId"]
        except (orjson.JSONDecodeError, KeyError, TypeError):
            return _refused("InvalidParameterException", "expected an object with SecretId", 400)
        text = secrets(secret_id) if isinstance(secret_id, str) else None
        if text is None:
            return _refused("ResourceNotFoundException", "Secrets Manager can't find the specified secret.", 400)
        return _json(
            {
                "ARN": secret_id,
                "Name": secret_id.rpartition(":")[2],
                "SecretString": text,
                "VersionId": _VERSION,
                "VersionStages": ["AWSCURRENT"],
            },
            200,
        )

    return _TargetedRoute("/", answer, methods=["POST"])


class _TargetedRoute(Route):
    """A route of the requests that name a target: one without is the RDS Data API's to answer."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if not any(name == b"x-amz-target" for name, _ in scope.get("headers", ())):
            return Match.NONE, {}
        return super().matches(scope)


def _refused(code: str, message: str, status: int) -> Response:
    return _json({"__type": code, "Message": message}, status)


def _json(members: dict[str, object], status: int) -> Response:
    return Response(orjson.dumps(members), status, media_type=_CONTENT_TYPE)
