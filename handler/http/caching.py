"""Entity tags and the condition If-None-Match (RFC 9110, sections 8.8.3 and 13.1.2).

A tag is made of the bytes of an answer, so that two answers with one tag are the same to the last byte, or it is the
value of the column that the operation names. Nothing is remembered between calls. `If-Modified-Since` counts for
nothing: answers have no time of modification.
"""

import hashlib
import re
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from urllib.parse import quote

from handler.contract.operation import Result
from handler.engine.invocation import Answer

REVALIDATED = "private, no-cache"
"""Cache-Control of an answer to GET where the operation has none: the caller alone keeps it, and asks each time."""

VARIANT = ";"
"""Stands between the value of a row's column and the format that the tag is of; If-Match goes by the value."""

IN_A_TAG = "!#$&'()*+,-./:<=>?@[]^_`{|}~"
"""The characters of a tag as they are, beside letters and digits; RFC 9110 has the percent sign and the backslash,
too."""
_TAG_BYTES = 18  # 24 characters of base64url, without padding
_TAG = r'(?:W/)?("[^"]*")'


def entity_tag(body: bytes) -> str:
    """Return the strong entity tag of an answer's body."""
    return f'"{urlsafe_b64encode(hashlib.sha256(body).digest()[:_TAG_BYTES]).decode()}"'


def column_tag(column: str, columns: Sequence[str], answer: Answer) -> str | None:
    """Return the entity tag that a row's column holds; None where there is no row, or the column is null."""
    if not answer.json_rows:
        return None
    from handler.http.json_members import member_values, scalar_text  # few operations have such a column

    row = answer.json_rows[0]
    value = row if answer.result is Result.VALUE else member_values(row)[columns.index(column)]
    text = scalar_text(value)
    return None if text is None else f'"{quote(text, safe=IN_A_TAG)}"'


def of_variant(tag: str, variant: str) -> str:
    """Return the tag of the same state in other bytes: of another format, or compressed."""
    return f'{tag[:-1]}{VARIANT}{variant}"'


def is_known(if_none_match: str, tag: str) -> bool:
    """Whether the caller has the answer of a tag already, by the value of its header If-None-Match.

    Compared weakly, as RFC 9110 asks for: `W/"a"` and `"a"` are one tag here.
    """
    return if_none_match.strip() == "*" or tag in re.findall(_TAG, if_none_match)
