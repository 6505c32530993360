"""The header Link (RFC 8288) of a page: the request's own path and query, with the cursor of the page that follows."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from handler.http.request import decoded_query

_LONGEST = 4096
"""Characters; servers and clients refuse headers of more than some thousands."""

_OF_A_URL = "!#$%&'()*+,/:;=?@[]~"  # what is encoded stays as it is


def next_page(event: Mapping[str, Any], cursor: str) -> str | None:
    """Return the header's value, relative to the URL that was asked for; None for one that is too long to be sent."""
    kept = [
        pair
        for pair in (event.get("rawQueryString") or "").split("&")
        if pair and decoded_query(pair.partition("=")[0]) != "cursor"
    ]
    target = f"{event.get('rawPath') or '/'}?{'&'.join([*kept, f'cursor={cursor}'])}"
    link = f'<{quote(target, safe=_OF_A_URL)}>; rel="next"'
    return link if len(link) <= _LONGEST else None
