"""Writes catalog.json, which the Lambda starts from; handler/contract/catalog.py reads it and describes its layout.

Takes operations that are already sound: no two share a name or a route.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson

from handler.contract.operation import CATALOG_FORMAT, Http, Operation
from queryport.compile.write.encoded import EncodedOperation, EncodedOperations, json_line
from queryport.whole_file import write_whole

_LARGE = 4096
"""The bytes beyond which a branch of the routes is not part of the index."""


def write_catalog(path: Path, operations: Sequence[Operation], fingerprint: str) -> None:
    """Write the catalogue. Raises OSError."""
    lines = _Lines()
    encoded = EncodedOperations.of(operations).encoded
    places = {operation.name: _add(lines, operation) for operation in encoded}
    index = {
        "format": CATALOG_FORMAT,
        "fingerprint": fingerprint,
        "routes": _without_large_branches(trie(encoded), lines),
        "operations": lines.add(orjson.dumps(places)),
    }
    write_whole(path, (b"[\n", b",\n".join([json_line(index), *lines.all]), b"\n]\n"))


class _Lines:
    """The lines behind the index."""

    def __init__(self) -> None:
        self.all: list[bytes] = []
        self._end = 0

    def add(self, line: bytes) -> tuple[int, int]:
        """Add a line and return its place: the offset from the end of the index's line, and the length."""
        place = self._end, len(line)
        self.all.append(line)
        self._end += len(line) + len(b",\n")
        return place


def _add(lines: _Lines, operation: EncodedOperation) -> tuple[int, int, int]:
    """Add an operation's two lines; return the place of the first and the length of the second, which follows it."""
    offset, length = lines.add(operation.body)
    _, documented = lines.add(operation.documentation)
    return offset, length, documented


def _without_large_branches(node: dict[str, Any], lines: _Lines) -> dict[str, Any]:
    """The node, with the places of its large branches in their stead."""
    small: dict[str, Any] = {}
    for step, following in node.items():
        if isinstance(following, dict):
            following = _without_large_branches(following, lines)
            line = json_line(following)
            if len(line) > _LARGE:
                following = lines.add(line)
        small[step] = following
    return small


def trie(operations: Sequence[EncodedOperation]) -> dict[str, Any]:
    """Return the routes of operations as handler.contract.routes walks them; of two alike the later counts."""
    root: dict[str, Any] = {}
    for operation in operations:
        if operation.http is not None:
            _grow(root, operation.http, operation.name)
    return root


def _grow(root: dict[str, Any], http: Http, operation: str) -> None:
    node = root
    for segment in http.path.removeprefix("/").split("/"):
        node = node.setdefault("{}" if segment.startswith("{") else f"/{segment}", {})
    node[http.method] = operation
