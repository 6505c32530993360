"""The event that Lambda makes an HTTP response of, as bytes: they pass through the runtime client untouched."""

from base64 import b64encode
from collections.abc import Mapping
from typing import Any

import orjson

JSON = "application/json"


def response(
    request_id: str, status: int, body: str | bytes | None, headers: Mapping[str, str], *, is_head: bool = False
) -> bytes:
    """Write a response; to HEAD without its body, and with the length that the body has.

    `headers` go before those that every response has. None is a response that has no body (204, 304), and bytes are one
    that is no text.
    """
    written = {
        "x-content-type-options": "nosniff",
        "cache-control": "no-store",
        "x-request-id": request_id,
        **headers,
    }
    if is_head and body is not None:
        written["content-length"] = str(len(body if isinstance(body, bytes) else body.encode()))
    event: dict[str, Any] = {"statusCode": status, "headers": written, "body": "" if is_head or body is None else body}
    if isinstance(event["body"], bytes):
        event |= {"body": b64encode(event["body"]).decode(), "isBase64Encoded": True}
    return orjson.dumps(event)
