"""Entity tags and the condition If-None-Match (RFC 9110, sections 8.8.3 and 13.1.2).

A tag is made of the bytes of an answer: two answers with one tag are the same to the last byte, which makes it a strong
one. Nothing is remembered between calls. `If-Modified-Since` is not looked at, since no answer says when it was last
modified.
"""

import hashlib
import re
from base64 import urlsafe_b64encode

REVALIDATED = "private, no-cache"
"""Cache-Control of an answer to GET where the operation has none: the caller alone keeps it, and asks each time."""

_TAG_BYTES = 18  # 24 characters of base64url, without padding
_TAG = re.compile(r'(?:W/)?("[^"]*")')


def entity_tag(body: bytes) -> str:
    """Return the strong entity tag of an answer's body."""
    return f'"{urlsafe_b64encode(hashlib.sha256(body).digest()[:_TAG_BYTES]).decode()}"'


def is_known(if_none_match: str, tag: str) -> bool:
    """Whether the caller has the answer of a tag already, by the value of its header If-None-Match.

    Compared weakly, as RFC 9110 asks for: `W/"a"` and `"a"` are one tag here.
    """
    return if_none_match.strip() == "*" or tag in _TAG.findall(if_none_match)
