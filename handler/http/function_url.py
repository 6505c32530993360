"""HTTP in and out: the events of a Lambda Function URL (payload format 2.0).

`POST /operations/{name}` calls any operation, a REST route the one that declared it. `GET /openapi.json` describes
them, `GET /docs` is a page to try them, and `GET /health` says that the function is up. An answer is JSON; a failure is
a problem document (RFC 9457). Methods, statuses, headers and sizes are settled here; what an operation is, and what its
parameters may be, is not.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import orjson

from handler.adapter import Exchange, Incoming
from handler.contract.catalog import Catalog
from handler.contract.errors import (
    Flaw,
    MethodNotAllowed,
    NotAuthenticated,
    OperationError,
    UnknownOperation,
)
from handler.contract.operation import READING
from handler.engine.engine import Engine
from handler.http.exchange import HttpExchange
from handler.http.formats import SUFFIXES
from handler.http.request import HttpRequest, check_event
from handler.http.response import JSON, response
from handler.identity.caller import Caller
from handler.identity.identity import Identity

if TYPE_CHECKING:
    from handler.http.openapi import OpenApi

_PROBLEM = "application/problem+json"
_PAGES = frozenset({"health", "openapi.json", "docs"})
_NO_PATH = "no operation has this path"


def is_function_url(event: Any) -> bool:
    """Whether an event comes from a Function URL, and not from a direct invocation."""
    if not isinstance(event, dict) or event.get("version") != "2.0":
        return False
    context = event.get("requestContext")
    return isinstance(context, dict) and isinstance(context.get("http"), dict)


class FunctionUrl:
    name = "function_url"

    def __init__(self, catalog: Catalog, engine: Engine, identity: Identity) -> None:
        self._catalog = catalog
        self._openapi: OpenApi | None = None
        self._routes = catalog.routes
        self._engine = engine
        self._identity = identity
        self._vary = ", ".join(identity.headers)
        self._health = orjson.dumps({"status": "ok", "fingerprint": catalog.fingerprint}).decode()

    def identify(self, incoming: Incoming) -> Caller:
        """Raises InvalidParameters, RequestTooLarge, NotAuthenticated and IdentityUnavailable."""
        check_event(incoming.event)
        return self._identity.of_function_url(incoming.event)

    def receive(self, incoming: Incoming) -> Exchange | bytes:
        """Find the operation behind a request, or answer it where there is none to call. Raises OperationError."""
        request = HttpRequest.of(incoming.event)
        method, segments = request.method, request.segments
        if len(segments) == 2 and segments[0] == "operations":
            methods = {"POST"}
            if method == "POST":
                operation = self._engine.visible(segments[1], incoming.caller, over_http=True)
                return HttpExchange(incoming, request, operation, None, self._vary)
        elif len(segments) == 1 and segments[0] in _PAGES:
            methods = {"GET"}
            if method in READING:
                return self._page(segments[0], incoming, request)
        else:

            def sees(name: str) -> bool:
                return self._engine.operation(name).is_visible_to(incoming.caller, over_http=True)

            match = self._routes.match(method, segments, sees)
            if match is not None:
                operation = self._engine.operation(match.operation)
                return HttpExchange(incoming, request, operation, match.values, self._vary)
            methods = self._routes.methods(segments, sees)
            if not methods:
                return self._with_suffix(incoming, request, sees)
        return _other_method(incoming, method, methods)

    def _page(self, name: str, incoming: Incoming, request: HttpRequest) -> bytes:
        """Answer one of _PAGES. Raises UnknownOperation and ResultTooLarge."""
        if name == "health":
            headers = {"content-type": JSON}
            return response(incoming.request_id, 200, self._health, headers, is_head=request.method == "HEAD")
        if name == "openapi.json":
            return self._document().answer(incoming, request, self._vary)
        # Imported here, since few callers are people.
        from handler.http.docs_page import docs_page

        return docs_page(incoming.request_id, request, self._catalog.path)

    def _document(self) -> "OpenApi":
        """Open the OpenAPI document when it is first asked for. Raises UnknownOperation."""
        if self._openapi is None:
            # Imported here, since hardly any caller asks for it.
            from handler.http.openapi import OpenApi

            self._openapi = OpenApi.beside(self._catalog.path, self._catalog.fingerprint)
            if self._openapi is None:
                raise UnknownOperation("this function has no OpenAPI document")
        return self._openapi

    def _with_suffix(self, incoming: Incoming, request: HttpRequest, sees: Callable[[str], bool]) -> Exchange | bytes:
        """Find the operation of a path such as `/orders.csv`, which as it stands is none."""

        def takes_suffix(name: str) -> bool:
            return sees(name) and self._engine.operation(name).has_suffixes

        *before, last = request.segments
        stem, _, suffix = last.rpartition(".")
        match = self._routes.match("GET", [*before, stem], takes_suffix) if suffix in SUFFIXES else None
        if match is None:
            raise UnknownOperation(_NO_PATH)
        if request.method not in READING:
            return _other_method(incoming, request.method, {"GET"})
        operation = self._engine.operation(match.operation)
        return HttpExchange(incoming, request, operation, match.values, self._vary, suffix)

    def refuse(self, incoming: Incoming, error: OperationError, operation: str | None) -> bytes:
        """Write the problem document of a failure."""
        problem: dict[str, Any] = {
            "type": f"urn:queryport:error:{error.name}",
            "title": error.title,
            "status": error.status,
            "detail": error.detail,
            "code": error.name,
            "retryable": error.retryable,
            "outcome": error.outcome,
        }
        if operation is not None:
            problem["operation"] = operation
        if error.sqlstate is not None:
            problem["sqlstate"] = error.sqlstate
        problem |= {
            name: value for name, value in (("hint", error.hint), ("details", error.details)) if value is not None
        }
        if error.flaws:
            problem["errors"] = [
                {"pointer": flaw.pointer, "detail": flaw.detail, **_place(flaw)} for flaw in error.flaws
            ]
        headers = {"content-type": _PROBLEM}
        if isinstance(error, MethodNotAllowed):
            headers["allow"] = ", ".join(error.allow)
        if isinstance(error, NotAuthenticated):
            headers["www-authenticate"] = error.challenge
        if error.retryable:
            headers["retry-after"] = str(error.retry_after)
        is_head = incoming.event["requestContext"]["http"].get("method") == "HEAD"
        body = orjson.dumps(problem).decode()
        return response(incoming.request_id, error.status, body, headers, is_head=is_head)


def _place(flaw: Flaw) -> dict[str, str]:
    """Return where the request had, or should have had, what is at fault."""
    place = {"in": flaw.location, "name": flaw.header}
    return {name: text for name, text in place.items() if text is not None}


def _other_method(incoming: Incoming, method: str, methods: set[str]) -> bytes:
    allow = tuple(sorted(methods | {"OPTIONS"} | ({"HEAD"} if "GET" in methods else set())))
    if method != "OPTIONS":
        raise MethodNotAllowed(f"this path takes {', '.join(allow)}", allow=allow)
    headers = {"allow": ", ".join(allow)}
    if "PATCH" in methods:
        headers["accept-patch"] = "application/merge-patch+json, application/json"  # RFC 5789, section 3.1
    return response(incoming.request_id, 204, None, headers)
