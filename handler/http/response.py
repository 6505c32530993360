"""The event that Lambda makes an HTTP response of, as bytes: they pass through the runtime client untouched."""

from collections.abc import Mapping

import orjson

JSON = "application/json"


def response(
    request_id: str, status: int, body: str | None, headers: Mapping[str, str], *, is_head: bool = False
) -> bytes:
    """Write a response; to HEAD without its body, and with the length that the body has.

    `headers` go before those that every response has. None is a response that has no body (204, 304).
    """
    written = {
        "x-content-type-options": "nosniff",
        "cache-control": "no-store",
        "x-request-id": request_id,
        **headers,
    }
    if is_head and body is not None:
        written["content-length"] = str(len(body.encode()))
    return orjson.dumps({"statusCode": status, "headers": written, "body": "" if is_head or body is None else body})
