"""Writes catalog.json, which the Lambda starts from; handler/contract/catalog.py reads it and describes its layout.

Takes operations that are already sound: no two share a name or a route.
"""

import os
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from handler.contract import exact_json
from handler.contract.operation import CATALOG_FORMAT, Http, Operation


def write_catalog(path: Path, operations: Sequence[Operation], fingerprint: str) -> None:
    """Writes the catalogue whole or not at all: a reader never meets half of one."""
    bodies = [_json(asdict(operation)) for operation in operations]
    index = _json(
        {
            "format": CATALOG_FORMAT,
            "fingerprint": fingerprint,
            "operations": _places(operations, bodies),
            "routes": _trie(operations),
        }
    )
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    unfinished.write_bytes(b"[\n" + b",\n".join([index, *bodies]) + b"\n]\n")
    unfinished.replace(path)


def _places(operations: Sequence[Operation], bodies: Sequence[bytes]) -> dict[str, tuple[int, int]]:
    """Where each operation lies: its offset from the end of the index's line, and its length, in bytes."""
    places = {}
    offset = 0
    for operation, body in zip(operations, bodies, strict=True):
        places[operation.name] = (offset, len(body))
        offset += len(body) + len(b",\n")
    return places


def _trie(operations: Sequence[Operation]) -> dict[str, Any]:
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


def _json(value: Any) -> bytes:
    return exact_json.dumps(exact_json.exact(value)).encode()
