"""Writes catalog.json, which the Lambda starts from; handler/contract/catalog.py reads it and describes its layout.

Takes operations that are already sound: no two share a name or a route.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from handler.contract import exact_json
from handler.contract.operation import CATALOG_FORMAT, Choice, Fragment, Http, Operation


def write_catalog(path: Path, operations: Sequence[Operation], fingerprint: str) -> None:
    """Writes the catalogue whole or not at all: a reader never meets half of one."""
    bodies = [(_json(_body(operation)), _json(operation.documentation._asdict())) for operation in operations]
    index = _json(
        {
            "format": CATALOG_FORMAT,
            "fingerprint": fingerprint,
            "operations": _places(operations, bodies),
            "routes": _trie(operations),
        }
    )
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    lines = [index, *(line for body in bodies for line in body)]
    unfinished.write_bytes(b"[\n" + b",\n".join(lines) + b"\n]\n")
    unfinished.replace(path)


def _places(operations: Sequence[Operation], bodies: Sequence[tuple[bytes, bytes]]) -> dict[str, tuple[int, int, int]]:
    """The place of each operation: its offset from the end of the index's line, and the lengths of its two lines."""
    places = {}
    offset = 0
    for operation, (body, documentation) in zip(operations, bodies, strict=True):
        places[operation.name] = (offset, len(body), len(documentation))
        offset += len(body) + len(documentation) + 2 * len(b",\n")
    return places


def _body(operation: Operation) -> dict[str, Any]:
    """The part of an operation that a call needs."""
    body = {name: _plain(member) for name, member in operation._asdict().items()}
    del body["documentation"]
    return body | {"execution": {"form": type(operation.execution).__name__, **_plain(operation.execution)}}


def _plain(value: Any) -> Any:
    """The value as JSON has it; statements as the catalogue's reader takes them."""
    match value:
        case Fragment():
            return [value.sql, value.placeholders]
        case Choice():
            return [value.parameter, _plain(value.present), _plain(value.absent)]
        case tuple() if hasattr(value, "_asdict"):
            return {name: _plain(member) for name, member in value._asdict().items()}
        case tuple():
            return [_plain(each) for each in value]
    return value


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
