"""HTTP in and out: the events of a Lambda Function URL (payload format 2.0).

`POST /operations/{name}` calls any operation, a REST route the one that declared it, and `GET /health` says that the
function is up. An answer is JSON; a failure is a problem document (RFC 9457). Methods, statuses, headers and sizes are
settled here; what an operation is, and what its parameters may be, is not.
"""

from typing import Any

import orjson

from handler.contract.catalog import Catalog
from handler.contract.errors import InvalidParameters, MethodNotAllowed, OperationError, UnknownOperation
from handler.contract.limits import LAMBDA_PAYLOAD_BYTES
from handler.engine.engine import Engine, ReadyOperation, too_large
from handler.http import parameters as http_parameters
from handler.http.parameters import HttpParameters
from handler.http.request import HttpRequest
from handler.observability import Call

LARGEST_ANSWER = LAMBDA_PAYLOAD_BYTES

_JSON = "application/json"
_PROBLEM = "application/problem+json"


def is_function_url(event: Any) -> bool:
    """Whether an event comes from a Function URL, and not from a direct invocation."""
    if not isinstance(event, dict) or event.get("version") != "2.0":
        return False
    context = event.get("requestContext")
    return isinstance(context, dict) and isinstance(context.get("http"), dict)


class FunctionUrl:
    caller = "function_url"

    def __init__(self, catalog: Catalog, engine: Engine) -> None:
        self._routes = catalog.routes
        self._engine = engine
        self._health = orjson.dumps({"status": "ok", "fingerprint": catalog.fingerprint}).decode()

    def answer(self, event: dict[str, Any], call: Call) -> bytes:
        request = HttpRequest.of(event)
        method, segments = request.method, request.segments
        if len(segments) == 2 and segments[0] == "operations":
            methods = {"POST"}
            if method == "POST":
                operation = self._operation(segments[1], call)
                parameters = http_parameters.from_body(request, batch=operation.operation.batch)
                return self._run(operation, parameters, request, call)
        elif segments == ["health"]:
            methods = {"GET"}
            if method in ("GET", "HEAD"):
                return _response(200, _JSON, self._health, request.method, call)
        else:
            match = self._routes.match(method, segments)
            if match is not None:
                operation = self._operation(match.operation, call)
                if operation.operation.batch:
                    parameters = http_parameters.from_body(request, batch=True)
                else:
                    in_path = dict(zip(operation.path_parameters, match.values, strict=True))
                    parameters = http_parameters.from_everywhere(request, in_path, operation.parameters.kinds)
                return self._run(operation, parameters, request, call)
            methods = self._routes.methods(segments)
        return _other_method(method, methods, call)

    def refuse(self, error: OperationError, event: dict[str, Any], call: Call) -> bytes:
        """The problem document of a failure."""
        problem: dict[str, Any] = {
            "type": f"urn:queryport:error:{error.name}",
            "title": error.title,
            "status": error.status,
            "detail": error.detail,
            "code": error.name,
            "retryable": error.retryable,
            "outcome": error.outcome,
        }
        if call.operation is not None:
            problem["operation"] = call.operation
        if error.sqlstate is not None:
            problem["sqlstate"] = error.sqlstate
        if isinstance(error, InvalidParameters) and error.flaws:
            problem["errors"] = [
                {"pointer": flaw.pointer, "detail": flaw.detail, **({"in": flaw.location} if flaw.location else {})}
                for flaw in error.flaws
            ]
        headers = {}
        if isinstance(error, MethodNotAllowed):
            headers["allow"] = ", ".join(error.allow)
        if error.retryable:
            headers["retry-after"] = str(error.retry_after)
        method = event["requestContext"]["http"].get("method", "")
        return _response(error.status, _PROBLEM, orjson.dumps(problem).decode(), method, call, headers)

    def _operation(self, name: str, call: Call) -> ReadyOperation:
        operation = self._engine.operation(name)
        call.operation = name
        return operation

    def _run(self, operation: ReadyOperation, parameters: HttpParameters, request: HttpRequest, call: Call) -> bytes:
        try:
            answer = operation.run(parameters.values, call.deadline, request.idempotency_key)
        except InvalidParameters as error:
            raise parameters.located(error) from None
        call.rows = answer.rows
        call.replayed = answer.replayed
        headers = {"idempotency-replayed": "true"} if answer.replayed else None
        response = _response(200, _JSON, answer.text, request.method, call, headers)
        if len(response) > LARGEST_ANSWER:
            raise too_large(f"the answer has {len(response)} bytes, and Lambda passes {LARGEST_ANSWER}", operation)
        return response


def _other_method(method: str, methods: set[str], call: Call) -> bytes:
    if not methods:
        raise UnknownOperation("no operation has this path")
    allow = tuple(sorted(methods | {"OPTIONS"} | ({"HEAD"} if "GET" in methods else set())))
    if method != "OPTIONS":
        raise MethodNotAllowed(f"this path takes {', '.join(allow)}", allow=allow)
    return _response(204, _JSON, "", method, call, {"allow": ", ".join(allow)})


def _response(
    status: int, content_type: str, body: str, method: str, call: Call, headers: dict[str, str] | None = None
) -> bytes:
    """The event that Lambda makes the HTTP response of, as bytes: they pass through the runtime client untouched."""
    return orjson.dumps(
        {
            "statusCode": status,
            "headers": {
                "content-type": content_type,
                "cache-control": "no-store",
                "x-request-id": call.request_id,
                **(headers or {}),
            },
            "body": "" if method == "HEAD" else body,
        }
    )
