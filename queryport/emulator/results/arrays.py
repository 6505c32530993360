"""PostgreSQL's text form of an array, taken apart into the texts of its elements.

Only one dimension, as the service has it; lower bounds are dropped.
"""

import re

from queryport.emulator.errors import unsupported_result

_ELEMENT = re.compile(rb'"((?:[^"\\]|\\.)*)"|([^,{}"]+)', re.DOTALL)
_ESCAPED = re.compile(rb"\\(.)", re.DOTALL)


def elements(text: bytes) -> list[bytes | None]:
    """The texts of an array's elements, None for NULL; raises ApiError for more than one dimension."""
    if text[:1] == b"[":
        text = text[text.index(b"{") :]
    if text[1:2] == b"{":
        raise unsupported_result("The result contains a multidimensional array")
    if b'"' not in text:
        return [None if part == b"NULL" else part for part in text[1:-1].split(b",")] if text != b"{}" else []
    found: list[bytes | None] = []
    for match in _ELEMENT.finditer(text, 1, len(text) - 1):
        quoted, plain = match.groups()
        if quoted is not None:
            found.append(_ESCAPED.sub(rb"\1", quoted) if b"\\" in quoted else quoted)
        else:
            found.append(None if plain == b"NULL" else plain)
    return found
