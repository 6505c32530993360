"""Calls of a project's operations from its tests, as Step Functions or an HTTP client makes them.

What is heavy is imported by the calls, since the plugins import this module in every run of pytest.
"""

from __future__ import annotations

import json
from base64 import b64decode
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from handler.application import Application
    from queryport.local.api_keys import LocalApiKeys
    from queryport.local.issuer import DevelopmentIssuer
    from queryport.project.workspace import Build


class Compiled(NamedTuple):
    """The project as its tests call it."""

    catalog: Path
    database: str
    """The name of a database with its schema."""
    build: Build

    def write_document(self) -> None:
        """Write the OpenAPI document beside the catalogue, where the function looks for it, unless it is there."""
        from handler.contract.openapi_index import DocumentFiles
        from queryport.project.catalog_files import write_openapi

        if not DocumentFiles.beside(self.catalog).document.exists():
            write_openapi(self.catalog, self.build, local=False)


@dataclass(frozen=True)
class HttpResponse:
    """The response that an HTTP client would see."""

    status: int
    headers: Mapping[str, str]
    """Their names are in lower case."""
    content: bytes
    """The body as it came, compressed where the request's own `Accept-Encoding` asked for that."""

    @property
    def text(self) -> str:
        return self.content.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.text)


class Calls:
    """Calls operations as Step Functions does: the answer's `data`, or one of handler.errors as an exception.

    The parameters are keyword arguments, or one object as the second argument; of a batch, an array of them. `claims`
    are those of the one on whose behalf the operation is called.
    """

    def __init__(
        self,
        application: Application,
        database_url: str,
        issuer: DevelopmentIssuer,
        api_keys: LocalApiKeys,
        compiled: Compiled,
    ) -> None:
        self._application = application
        self._issuer = issuer
        self._api_keys = api_keys
        self._compiled = compiled
        self.database_url = database_url
        """The test's database, for a driver that speaks PostgreSQL's own protocol; with every right."""

    def __call__(
        self,
        operation: str,
        values: Any = None,
        /,
        *,
        idempotency_key: str | None = None,
        if_match: str | int | None = None,
        rollback: bool = False,
        claims: Mapping[str, Any] | None = None,
        **parameters: Any,
    ) -> Any:
        answer = self.answer(
            operation,
            values,
            idempotency_key=idempotency_key,
            if_match=if_match,
            rollback=rollback,
            claims=claims,
            **parameters,
        )
        return answer["data"]

    def answer(
        self,
        operation: str,
        values: Any = None,
        /,
        *,
        idempotency_key: str | None = None,
        if_match: str | int | None = None,
        rollback: bool = False,
        claims: Mapping[str, Any] | None = None,
        **parameters: Any,
    ) -> Any:
        """Return the whole answer, with `next` where there is a further page."""
        from queryport.testing.function import invoke

        event: dict[str, Any] = {"operation": operation, "parameters": parameters if values is None else values}
        if idempotency_key is not None:
            event["idempotency_key"] = idempotency_key
        if if_match is not None:
            event["if_match"] = if_match
        if rollback:
            event["rollback"] = True
        if claims is not None:
            event["claims"] = claims
        return json.loads(invoke(self._application, event))

    def http(
        self,
        method: str,
        target: str,
        *,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        claims: Mapping[str, Any] | None = None,
        key: str | None = None,
        anonymous: bool = False,
    ) -> HttpResponse:
        """Send a request to the Function URL: `.http("GET", "/books?limit=2")`.

        The caller is one whom IAM knows, or has a token with these claims, or an API key with the name `key` and these
        claims, or is `anonymous`. Raises ValueError where `headers` have another credential.
        """
        from queryport.testing.function import function_url_event, invoke

        sent = {name.lower(): value for name, value in (headers or {}).items()}
        chosen = claims is not None or key is not None
        if (chosen or anonymous) and (credentials := sent.keys() & {"authorization", "x-api-key"}):
            raise ValueError(f"claims, key and anonymous say who calls, and so does the header {credentials.pop()}")
        if chosen and anonymous:
            raise ValueError("a caller with claims or a key is not anonymous")
        if key is not None:
            sent["x-api-key"] = self._new_key(key, claims or {})
        elif claims is not None:
            sent["authorization"] = f"Bearer {self._issuer.token(claims, 300)}"
        known = not chosen and not anonymous
        if target.partition("?")[0] == "/openapi.json":
            self._compiled.write_document()
        answer = json.loads(invoke(self._application, function_url_event(method, target, body, sent, known=known)))
        body = answer.get("body", "")
        content = b64decode(body) if answer.get("isBase64Encoded") else body.encode()
        return HttpResponse(answer["statusCode"], answer["headers"], content)

    def _new_key(self, name: str, claims: Mapping[str, Any]) -> str:
        from aws_lambda_powertools.utilities.parameters import clear_caches

        from queryport.local.api_keys import new_key

        made = new_key(name, claims)
        self._api_keys.add(made.entry)
        # The function would go on with the keys that it has read.
        clear_caches()  # type: ignore[no-untyped-call]  # Powertools gives it no types
        return made.key
