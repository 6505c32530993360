"""An HTTP request out of a Function URL's event (payload format 2.0): method, path, query string and JSON body.

Decodes what the event leaves encoded: the path by segment, the query string from its raw form (the event's own
`queryStringParameters` joins repeated parameters), the body from base64. Knows nothing of operations.
"""

import binascii
import re
from base64 import b64decode
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import unquote_to_bytes

from handler.contract import exact_json
from handler.contract.errors import Flaw, InvalidParameters, RequestTooLarge, UnsupportedMediaType
from handler.contract.limits import REQUEST_BYTES
from handler.engine.invocation import IfMatch

LARGEST_BODY = REQUEST_BYTES  # a Function URL itself would pass 6 MB
LONGEST_URL = 1024 * 1024
LONGEST_HEADERS = 64 * 1024

_JSON_TYPE = re.compile(r"application/(?:[a-z0-9.!#$&^_-]+\+)?json")
_CHARSETS = frozenset({"utf-8", "utf8", "us-ascii"})


class HttpRequest(NamedTuple):
    method: str
    segments: list[str]
    """The decoded segments of the path; `/a/b%2Fc` is a and b/c."""
    query: dict[str, list[str]]
    """The values of each parameter of the query string, still encoded: an encoded comma differs from a bare one."""
    headers: Mapping[str, str]
    body_text: str
    is_base64: bool

    @classmethod
    def of(cls, event: Mapping[str, Any]) -> "HttpRequest":
        """Read an event that has passed `check_event`. Raises InvalidParameters and RequestTooLarge."""
        path, query = event.get("rawPath") or "/", event.get("rawQueryString") or ""
        if len(path) + len(query) > LONGEST_URL:
            raise RequestTooLarge(f"the path and the query string must not be longer than {LONGEST_URL} characters")
        return cls(
            method=event["requestContext"]["http"]["method"],
            segments=[decoded(segment, "the path") for segment in path[1:].split("/")],
            query=_query(query),
            headers=event.get("headers") or {},
            body_text=event.get("body") or "",
            is_base64=bool(event.get("isBase64Encoded")),
        )

    @property
    def has_body(self) -> bool:
        return bool(self.body_text)

    @property
    def idempotency_key(self) -> str | None:
        """The header Idempotency-Key, with or without the quotes that the IETF's draft puts around it."""
        key = self.headers.get("idempotency-key")
        return key[1:-1] if key is not None and len(key) > 2 and key[0] == key[-1] == '"' else key

    @property
    def if_match(self) -> IfMatch | None:
        """The header If-Match. Raises InvalidParameters."""
        header = self.headers.get("if-match")
        if header is None:
            return None
        from handler.http.preconditions import if_match  # few requests have the header

        return if_match(header)

    @property
    def rolls_back(self) -> bool:
        """Whether the header Prefer asks for `tx=rollback`."""
        prefer = self.headers.get("prefer")
        if prefer is None:
            return False
        from handler.http.preferences import preference  # few requests have the header

        return preference(prefer, "tx") == "rollback"

    def json_object(self) -> dict[str, Any]:
        """The object in the body; no body at all is an empty one."""
        if not self.body_text:
            return {}
        value = self._json()
        if not isinstance(value, dict):
            raise InvalidParameters("the body must be a JSON object of parameters")
        return value

    def json_array(self) -> list[Any]:
        """The array in the body."""
        value = self._json() if self.body_text else None
        if not isinstance(value, list):
            raise InvalidParameters("the body must be a JSON array, with an object of parameters for each element")
        return value

    def is_raw(self, types: Sequence[str]) -> bool:
        """Whether the body is of one of the types that are taken as bytes. Raises UnsupportedMediaType.

        JSON counts as bytes only where `types` name it, and as parameters otherwise.
        """
        from handler.http.negotiation import covers  # few operations take such a body

        media_type, _ = self._content_type()
        if media_type in types:
            return True
        if _JSON_TYPE.fullmatch(media_type) or not self.body_text:
            return False
        if not covers(types, media_type) or not media_type:
            raise UnsupportedMediaType(f"the body must be of the type {', '.join(types)} or application/json")
        return True

    def content(self) -> bytes:
        """The body as its bytes. Raises UnsupportedMediaType, RequestTooLarge and InvalidParameters."""
        self._check_encoding()
        self._check_size()
        return self._from_base64() if self.is_base64 else self.body_text.encode(errors="surrogatepass")

    def _json(self) -> Any:
        self._check_encoding()
        media_type, options = self._content_type()
        if not _JSON_TYPE.fullmatch(media_type):
            raise UnsupportedMediaType("the body must be JSON; say so with the header content-type: application/json")
        _, _, charset = options.partition("charset=")
        if charset.split(";")[0].strip('" ') not in {"", *_CHARSETS}:
            raise UnsupportedMediaType("the body must be in UTF-8")
        try:
            return exact_json.loads(self._text())
        except exact_json.JsonError as error:
            flaws = () if error.pointer is None else (Flaw(error.pointer, "is given twice", "body"),)
            raise InvalidParameters(f"the body {error}", flaws=flaws) from None

    def _content_type(self) -> tuple[str, str]:
        """The media type of the body and what stands behind it, in lower case."""
        media_type, _, options = self.headers.get("content-type", "").lower().partition(";")
        return media_type.strip(), options

    def _check_encoding(self) -> None:
        if self.headers.get("content-encoding", "identity").strip().lower() != "identity":
            raise UnsupportedMediaType("the body must not be compressed")

    def _check_size(self) -> None:
        # Four characters of base64 are three bytes; a character of text is one byte at least.
        if len(self.body_text) * (0.75 if self.is_base64 else 1) > LARGEST_BODY:
            raise RequestTooLarge(f"the body must not be larger than {LARGEST_BODY} bytes")

    def _text(self) -> str:
        self._check_size()
        if not self.is_base64:
            return self.body_text
        try:
            return self._from_base64().decode()
        except UnicodeDecodeError:
            raise InvalidParameters("the body is not UTF-8") from None

    def _from_base64(self) -> bytes:
        try:
            return b64decode(self.body_text, validate=True)
        except binascii.Error:
            raise InvalidParameters("the body is not base64, although the event says so") from None


def check_event(event: Mapping[str, Any]) -> None:
    """Raise InvalidParameters for an event that AWS does not make of a request, but a direct caller may.

    Raises RequestTooLarge, too, before anything reads a header.
    """
    headers = event.get("headers") or {}
    texts = [event["requestContext"]["http"].get("method")]
    texts += [event.get(name) or "" for name in ("rawPath", "rawQueryString", "body")]
    if isinstance(headers, dict):
        texts += [*headers, *headers.values()]
    if not isinstance(headers, dict) or {*map(type, texts)} != {str}:
        raise InvalidParameters("the event is none of a Function URL's (payload format 2.0)")
    if sum(map(len, headers)) + sum(map(len, headers.values())) > LONGEST_HEADERS:
        raise RequestTooLarge(f"the headers must not be longer than {LONGEST_HEADERS} characters together")


def decoded(text: str, place: str) -> str:
    """The text behind a percent-encoded one."""
    if "%" not in text:
        return text
    try:
        return unquote_to_bytes(text).decode()
    except UnicodeDecodeError:
        raise InvalidParameters(f"{place} is not UTF-8") from None


def decoded_query(text: str) -> str:
    """The text behind one of the query string, where a plus is a space."""
    return decoded(text.replace("+", " "), "the query string")


def _query(text: str) -> dict[str, list[str]]:
    query: dict[str, list[str]] = {}
    for pair in text.split("&"):
        if pair:
            name, _, value = pair.partition("=")
            query.setdefault(decoded_query(name), []).append(value)
    return query
