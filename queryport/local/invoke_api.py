"""Lambda's Invoke API for the local function, so that AWS SDKs, the AWS CLI and Step Functions call it as on AWS.

Answers `POST /2015-03-31/functions/{name}/invocations` and passes everything else on. The function has one version,
`$LATEST`, and every alias: which one a call names is in the ARN that the handler sees. Signatures are not asked for.
Unlike AWS, an event that fails (`InvocationType` Event) is not tried again.
"""

import asyncio
import re
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import parse_qs, unquote

import orjson
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from handler.contract.limits import LAMBDA_PAYLOAD_BYTES
from queryport.aws.local_account import ACCOUNT, REGION
from queryport.local.calls import AnsweredRequest, DatabaseReports, ReportRequest
from queryport.local.lambda_environment import (
    FUNCTION_ARN,
    FUNCTION_NAME,
    InvocationResult,
    LambdaEvent,
)
from queryport.local.lambda_environments import FunctionClosedError, Invoke

_PATH = re.compile(r"/2015-03-31/functions/([^/]+)/invocations")
_NAMES = (FUNCTION_NAME, "function")
"""The function's, and the one that Lambda's runtime interface emulator wants."""

_FUNCTION = re.compile(
    r"(?:(?:arn:aws[\w-]*:lambda:[\w-]+:)?\d{12}:function:|function:)?(?P<name>[\w-]+)(?::(?P<qualifier>[\w$-]+))?"
)
_ARN = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function"
_LATEST = "$LATEST"
_ASYNCHRONOUS_BYTES = 1024 * 1024


@dataclass(slots=True)
class _LambdaError(Exception):
    """An error of the service's model."""

    status: int
    code: str
    message: str
    headers: dict[str, str] = field(default_factory=dict)

    def response(self) -> Response:
        # The model spells the member in two ways.
        member = "Message" if self.code == "ResourceNotFoundException" else "message"
        body = orjson.dumps({"Type": "User", member: self.message})
        return Response(body, self.status, {"x-amzn-errortype": self.code}, "application/json")


class InvokeApi:
    """The ASGI application; `otherwise` answers other paths."""

    def __init__(self, invoke: Invoke, report: ReportRequest, reports: DatabaseReports, otherwise: ASGIApp) -> None:
        self._invoke = invoke
        self._report = report
        self._reports = reports
        self._otherwise = otherwise
        self._running: set[asyncio.Task[None]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["raw_path"].decode("latin-1")
        match = _PATH.fullmatch(path)
        if match is None or scope["method"] != "POST":
            await self._otherwise(scope, receive, send)
            return
        request = Request(scope, receive)
        try:
            response = await self._answer(request, path, unquote(match[1]))
        except _LambdaError as refusal:
            response = refusal.response()
        except FunctionClosedError:
            response = _LambdaError(503, "ServiceUnavailable", "The function is being ended.").response()
        except ClientDisconnect:
            return
        await response(scope, receive, send)

    async def _answer(self, request: Request, path: str, function: str) -> Response:
        kind = request.headers.get("x-amz-invocation-type", "RequestResponse")
        qualifier = _qualifier(function, parse_qs(request.scope["query_string"].decode("latin-1")))
        if kind not in ("RequestResponse", "Event", "DryRun"):
            raise _LambdaError(
                400,
                "InvalidParameterValueException",
                f"1 validation error detected: Value '{kind}' at 'invocationType' failed to satisfy constraint: "
                "Member must satisfy enum value set: [Event, RequestResponse, DryRun]",
            )
        body = await _body(request, _ASYNCHRONOUS_BYTES if kind == "Event" else LAMBDA_PAYLOAD_BYTES)
        event = LambdaEvent(
            orjson.Fragment(body or b"{}"), function_arn=f"{FUNCTION_ARN}:{qualifier}" if qualifier else FUNCTION_ARN
        )
        headers = {"x-amzn-requestid": event.request_id, "x-amzn-trace-id": event.trace.partition(";")[0]}
        if kind == "DryRun":
            return Response(status_code=204, headers=headers)
        if kind == "Event":
            task = asyncio.create_task(self._call_unwatched(path, event))
            self._running.add(task)
            task.add_done_callback(self._running.discard)
            return Response(status_code=202, headers=headers)
        outcome = await self._call(path, event)
        headers["x-amz-executed-version"] = _LATEST
        if outcome.failed:
            headers["x-amz-function-error"] = "Unhandled"
        return Response(outcome.payload, 200, headers, "application/json")

    async def _call_unwatched(self, path: str, event: LambdaEvent) -> None:
        with suppress(FunctionClosedError):  # nobody waits for it
            await self._call(path, event)

    async def _call(self, path: str, event: LambdaEvent) -> InvocationResult:
        started = time.monotonic()
        outcome = _within_limit(await self._invoke(event))
        report = self._reports.take(event.trace)
        failure = _told(outcome) if outcome.failed else None
        self._report(
            AnsweredRequest("POST", path, 200, time.monotonic() - started, failure, report if outcome.failed else None)
        )
        return outcome


def _qualifier(function: str, query: Mapping[str, list[str]]) -> str | None:
    """The alias or version that a request names. Raises _LambdaError for another function than ours."""
    match = _FUNCTION.fullmatch(function)
    if match is None:
        raise _LambdaError(
            400,
            "InvalidParameterValueException",
            f"1 validation error detected: Value '{function}' at 'functionName' failed to satisfy constraint: "
            "Member must be a function's name or ARN",
        )
    if match["name"] not in _NAMES:
        raise _LambdaError(404, "ResourceNotFoundException", f"Function not found: {_ARN}:{match['name']}")
    given = next(iter(query.get("Qualifier", ())), None)
    if given and match["qualifier"] and given != match["qualifier"]:
        raise _LambdaError(
            400,
            "InvalidParameterValueException",
            "The derived qualifier from the function name does not match the specified qualifier.",
        )
    return match["qualifier"] or given


async def _body(request: Request, limit: int) -> bytes:
    """The payload. Raises _LambdaError for one that is too large or no JSON."""
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > limit:
            raise _LambdaError(
                413,
                "RequestTooLargeException",
                f"Request must be smaller than {limit} bytes for the InvokeFunction operation",
            )
    try:
        if body:
            orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise _LambdaError(
            400, "InvalidRequestContentException", f"Could not parse request body into json: {error}"
        ) from None
    return bytes(body)


def _within_limit(outcome: InvocationResult) -> InvocationResult:
    if outcome.failed or len(outcome.payload) <= LAMBDA_PAYLOAD_BYTES:
        return outcome
    return _failed(
        "Function.ResponseSizeTooLarge",
        f"Response payload size exceeded maximum allowed payload size ({LAMBDA_PAYLOAD_BYTES} bytes).",
    )


def _failed(name: str, message: str) -> InvocationResult:
    return InvocationResult(orjson.dumps({"errorType": name, "errorMessage": message}), failed=True)


def _told(outcome: InvocationResult) -> str:
    return f"{outcome.error['errorType']}: {outcome.error['errorMessage']}"
