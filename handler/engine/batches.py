"""Cuts the parameter sets of a batch into requests that the RDS Data API takes."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from handler.contract.limits import REQUEST_BYTES
from handler.data_api.client import parameters
from handler.engine.parameters import Texts

LARGEST_REQUEST = REQUEST_BYTES
_REST = 16 * 1024  # headers, ARNs, the transaction's id
MOST_SETS = 1000
"""So that one request stays well below the 45 seconds that the service gives it."""


def requests(
    sql: str, names: Sequence[str], elements: Sequence[Texts], largest: int = LARGEST_REQUEST
) -> Iterator[list[list[dict[str, Any]]]]:
    """The sets of parameters of each request, in order; a set that is too large by itself is sent alone."""
    room = largest - _REST - len(json.dumps(sql))
    chunk: list[list[dict[str, Any]]] = []
    size = 0
    for texts in elements:
        one = parameters([(name, texts[name]) for name in names])
        length = len(json.dumps(one)) + 2
        if chunk and (size + length > room or len(chunk) == MOST_SETS):
            yield chunk
            chunk, size = [], 0
        chunk.append(one)
        size += length
    if chunk:
        yield chunk
