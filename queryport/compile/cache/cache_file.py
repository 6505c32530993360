"""The file that a compile cache is kept in, in a form that nothing but this version of Queryport has to read.

A digest of all that follows, on a line of its own; the cache's key; and three lines for each entry: what is known of
the operation without reading it and the problems, its body, its documentation. A file that is not exactly as it was
written has no entries. The digest finds damage and not malice: who may write the file decides what is compiled, as who
may write the query files does.
"""

import hashlib
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from handler.contract.operation import Http
from queryport.compile.cache.entry import Entry
from queryport.compile.write.encoded import EncodedOperation
from queryport.diagnostics.source import Place, Problem

_NONE: tuple[bytes, bytes] = (b"", b"")


def read_entries(path: Path, key: str) -> dict[str, Entry]:
    """Return the entries of the cache of a key; none where the file is not one that was written for it, whole."""
    try:
        digest, _, rest = path.read_bytes().partition(b"\n")
        if digest != _digest(rest):
            return {}
        found, *lines = rest.split(b"\n")
        if found != key.encode():
            return {}
        return dict([_entry(*three) for three in zip(lines[0::3], lines[1::3], lines[2::3], strict=True)])
    except (OSError, ValueError, TypeError, KeyError, IndexError):
        return {}


def write_entries(path: Path, key: str, entries: Mapping[str, Entry]) -> None:
    """Write the file whole or not at all, whoever else writes it at the time. Raises OSError."""
    lines = [key.encode()]
    for name, entry in entries.items():
        if all(map(_is_unicode, entry.problems)):
            lines += _lines(name, entry)
    content = b"\n".join(lines)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    try:
        unfinished.write_bytes(_digest(content) + b"\n" + content)
        unfinished.replace(path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise


def _digest(content: bytes) -> bytes:
    return hashlib.sha256(content).hexdigest().encode()


def _lines(key: str, entry: Entry) -> tuple[bytes, bytes, bytes]:
    operation = entry.encoded
    problems = [
        (problem.code, problem.message, problem.cure, [_place(place) for place in (problem.place, *problem.also)])
        for problem in entry.problems
    ]
    http = None if operation is None else operation.http
    known = None if operation is None else (operation.name, http and (http.method, http.path), operation.statuses)
    body, documentation = _NONE if operation is None else (operation.body, operation.documentation)
    return orjson.dumps((key, known, problems)), body, documentation


def _is_unicode(problem: Problem) -> bool:
    """Whether JSON can hold a problem; a message may quote half of a character."""
    try:
        f"{problem.message}{problem.cure}".encode()
    except UnicodeEncodeError:
        return False
    return True


def _place(place: Place) -> tuple[str, int, int, str, int]:
    return str(place.path), place.line, place.column, place.text, place.width


def _entry(head: bytes, body: bytes, documentation: bytes) -> tuple[str, Entry]:
    key, known, problems = orjson.loads(head)
    operation = None
    if known is not None:
        name, http, statuses = known
        found = None if http is None else _route(*http)
        operation = EncodedOperation(
            name, found, tuple([(code, status) for code, status in statuses]), body, documentation
        )
    return key, Entry(operation, tuple([_problem(*problem) for problem in problems]))


def _route(method: str, path: str) -> Http:
    return Http(method, path)


def _problem(code: str, message: str, cure: str, places: list[list[Any]]) -> Problem:
    first, *also = [Place(Path(path), line, column, text, width) for path, line, column, text, width in places]
    return Problem(code, message, cure, first, tuple(also))
