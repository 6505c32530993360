"""The rules of `allow:` as OpenAPI's security requirements."""

from collections.abc import Mapping
from typing import Any

from handler.contract.operation import Operation
from handler.contract.rights import parse

SCHEMES: Mapping[str, dict[str, Any]] = {
    "iam": {
        "type": "apiKey",
        "in": "header",
        "name": "Authorization",
        "description": "A request signed with AWS Signature Version 4 for the service `lambda`.",
        "x-amazon-apigateway-authtype": "awsSigv4",
    },
    "jwt": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "A token of an issuer that the function trusts.",
    },
    "key": {"type": "apiKey", "in": "header", "name": "X-Api-Key", "description": "An API key of the function's."},
}


def security_of(operation: Operation) -> list[dict[str, list[str]]]:
    """Return the requirements, of which a caller has to meet one; an empty list where no HTTP caller can."""
    found: list[dict[str, list[str]]] = []
    for text in operation.access.allow:
        kind, detail = parse(text)
        if kind == "anyone":
            requirement: dict[str, list[str]] = {}
        elif kind in SCHEMES:
            requirement = {kind: [] if detail is None else [detail]}
        else:
            continue
        if requirement not in found:
            found.append(requirement)
    return found
