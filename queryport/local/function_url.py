"""A Lambda Function URL for development: HTTP requests become events of payload format 2.0, answers become responses.

Keeps to what AWS's does with headers, cookies, query strings, binary bodies and answers of every shape. Routes nothing
and knows no operation; the handler does that. Where a real Function URL would hide a failure behind a 502, so does this
one, and the failure is told to the developer (see calls.py).
"""

import base64
import time
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

import orjson
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from handler.contract.limits import LAMBDA_PAYLOAD_BYTES
from queryport.emulator.calls.log import DatabaseReport
from queryport.local.calls import AnsweredRequest, DatabaseReports, ReportRequest
from queryport.local.default_caller import DefaultCaller, as_iam
from queryport.local.lambda_environment import InvocationResult, LambdaEvent
from queryport.local.lambda_environments import FunctionClosedError, Invoke

_TEXT_TYPES = ("text/", "application/json", "application/xml", "application/javascript", "application/x-ndjson")

_FRAMING = frozenset({"content-length", "connection", "transfer-encoding"})


class LocalFunctionUrl:
    """The ASGI application."""

    def __init__(
        self,
        invoke: Invoke,
        report: ReportRequest,
        reports: DatabaseReports,
        default_caller: DefaultCaller = as_iam,
    ) -> None:
        self._invoke = invoke
        self._default_caller = default_caller
        self._report = report
        self._reports = reports

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.monotonic()
        request = Request(scope, receive)
        try:
            response, failure, database = await self._answer(request)
        except ClientDisconnect:  # the caller hung up before its request was whole
            return
        except FunctionClosedError:
            unavailable = Response('{"message":"Service Unavailable"}', 503, media_type="application/json")
            await unavailable(scope, receive, send)
            return
        await response(scope, receive, send)
        path, seconds = _raw_path(scope), time.monotonic() - started
        self._report(AnsweredRequest(request.method, path, response.status_code, seconds, failure, database))

    async def _answer(self, request: Request) -> tuple[Response, str | None, DatabaseReport | None]:
        body = bytearray()
        async for piece in request.stream():
            body += piece
            if len(body) > LAMBDA_PAYLOAD_BYTES:
                too_large = Response('{"message":"Request Entity Too Large"}', 413, media_type="application/json")
                return too_large, None, None
        request_id = str(uuid.uuid4())
        made = event(request.scope, bytes(body), request_id)
        self._default_caller(made)
        call = LambdaEvent(made, request_id)
        response, failure = response_for(await self._invoke(call), is_head=request.method == "HEAD")
        database = self._reports.take(call.trace)
        response.headers["x-amzn-requestid"] = request_id
        return response, failure, database if response.status_code >= HTTPStatus.BAD_REQUEST else None


def event(scope: Scope, body: bytes, request_id: str) -> dict[str, Any]:
    """Make the event of a request, as a Function URL does; its caller is still to be named."""
    headers = Headers(scope=scope)
    client = scope["client"][0] if scope.get("client") else "127.0.0.1"
    joined = _joined(headers, client, str(scope["server"][1]) if scope.get("server") else "80")
    query = scope["query_string"].decode("latin-1")
    made: dict[str, Any] = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": _raw_path(scope),
        "rawQueryString": query,
        "headers": joined,
        "requestContext": _request_context(scope, joined, client, request_id),
        "isBase64Encoded": False,
    }
    if cookies := [cookie.strip() for line in headers.getlist("cookie") for cookie in line.split(";")]:
        made["cookies"] = cookies
    if query:
        parameters: dict[str, list[str]] = {}
        for name, value in parse_qsl(query, keep_blank_values=True):
            parameters.setdefault(name, []).append(value)
        made["queryStringParameters"] = {name: ",".join(values) for name, values in parameters.items()}
    if body:
        text = _as_text(headers, body)
        made["body"] = base64.b64encode(body).decode() if text is None else text
        made["isBase64Encoded"] = text is None
    return made


def _joined(headers: Headers, client: str, port: str) -> dict[str, str]:
    """The headers of an event: repeated ones in one, and those that AWS adds."""
    values: dict[str, list[str]] = {}
    for name, value in headers.items():
        values.setdefault(name, []).append(value)
    joined = {name: ",".join(each) for name, each in values.items() if name != "cookie"}
    joined.setdefault("x-forwarded-for", client)
    joined.setdefault("x-forwarded-proto", "http")
    joined.setdefault("x-forwarded-port", port)
    joined.setdefault("x-amzn-trace-id", f"Root=1-{int(time.time()):08x}-{uuid.uuid4().hex[:24]}")
    return joined


def _request_context(scope: Scope, headers: Mapping[str, str], client: str, request_id: str) -> dict[str, Any]:
    now = datetime.now(UTC)
    return {
        "apiId": "local",
        "domainName": headers.get("host", "localhost"),
        "domainPrefix": "local",
        "http": {
            "method": scope["method"],
            "path": _raw_path(scope),
            "protocol": f"HTTP/{scope['http_version']}",
            "sourceIp": client,
            "userAgent": headers.get("user-agent", ""),
        },
        "requestId": request_id,
        "routeKey": "$default",
        "stage": "$default",
        "time": now.strftime("%d/%b/%Y:%H:%M:%S +0000"),
        "timeEpoch": int(now.timestamp() * 1000),
    }


def response_for(outcome: InvocationResult, *, is_head: bool = False) -> tuple[Response, str | None]:
    """The response to what the function answered; and, for the terminal, what went wrong if the function failed."""
    if outcome.failed:
        error = outcome.error
        trace = "".join(error["stackTrace"]).rstrip()
        return _bad_gateway(f"{error['errorType']}: {error['errorMessage']}" + (f"\n{trace}" if trace else ""))
    if len(outcome.payload) > LAMBDA_PAYLOAD_BYTES:
        return _bad_gateway(f"the function answered {len(outcome.payload)} bytes; Lambda takes {LAMBDA_PAYLOAD_BYTES}")
    try:
        answer = orjson.loads(outcome.payload)
    except orjson.JSONDecodeError as error:
        return _bad_gateway(f"the function's answer is not JSON: {error}")
    if not isinstance(answer, dict) or "statusCode" not in answer:
        # A function may answer its body alone.
        body = answer.encode() if isinstance(answer, str) else outcome.payload
        return Response(body, 200, media_type="application/json"), None
    return _structured(answer, is_head=is_head)


def _structured(answer: dict[str, Any], *, is_head: bool) -> tuple[Response, str | None]:
    status, body = answer["statusCode"], answer.get("body") or ""
    if not isinstance(status, int) or not isinstance(body, str):
        return _bad_gateway("the function's answer needs a whole number as statusCode and a string as body")
    response = Response(base64.b64decode(body) if answer.get("isBase64Encoded") else body, status)
    for name, value in (answer.get("headers") or {}).items():
        # Of a response to HEAD, the length is that of the body which GET would have.
        if name.lower() not in _FRAMING or (is_head and name.lower() == "content-length"):
            response.headers[name] = str(value)
    response.headers.setdefault("content-type", "application/json")
    for cookie in answer.get("cookies") or ():
        response.headers.append("set-cookie", cookie)
    return response, None


def _bad_gateway(failure: str) -> tuple[Response, str]:
    return Response("Internal Server Error", 502, media_type="text/plain"), failure


def _raw_path(scope: Scope) -> str:
    raw: bytes = scope["raw_path"]
    return raw.decode("latin-1")


def _as_text(headers: Headers, body: bytes) -> str | None:
    """The body as a string; None if it travels in base64, as do all but types of text."""
    kind = headers.get("content-type", "").split(";")[0].strip().lower()
    textual = kind.startswith(_TEXT_TYPES) or kind.endswith(("+json", "+xml"))
    if not textual or "content-encoding" in headers:
        return None
    try:
        return body.decode()
    except UnicodeDecodeError:
        return None
