"""The file that a compile cache is kept in, in a form that nothing but this version of Queryport has to read.

A line of what is known of all entries without reading their operations; then the operations' bodies and documentation,
one behind the other. A file that is not exactly as it was written has no entries.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from handler.contract.operation import Http
from queryport.compile.cache.entry import Entry
from queryport.compile.read.sealed_file import read_sealed, write_sealed
from queryport.compile.write.encoded import EncodedOperation
from queryport.diagnostics.source import Place, Problem


def read_entries(path: Path, key: str) -> dict[str, Entry]:
    """Return the entries of the cache of a key; none where the file is not one that was written for it, whole."""
    content = read_sealed(path, key)
    if content is None:
        return {}
    try:
        end = content.index(b"\n")
        entries, place = {}, end + 1
        for file, operation, problems in orjson.loads(content[:end]):
            encoded = None
            if operation is not None:
                encoded, place = _operation(operation, content, place)
            entries[file] = Entry(encoded, tuple([_problem(*problem) for problem in problems]))
    except (ValueError, TypeError):
        return {}
    return entries


def write_entries(path: Path, key: str, entries: Mapping[str, Entry]) -> None:
    """Write the file whole or not at all, beside other writers. Raises OSError."""
    known: list[tuple[Any, ...]] = []
    operations: list[bytes] = []
    for name, entry in entries.items():
        if entry.problems and not all(map(_is_unicode, entry.problems)):
            continue
        known.append((name, _known(entry.encoded), [_told(problem) for problem in entry.problems]))
        if entry.encoded is not None:
            operations += (entry.encoded.body, entry.encoded.documentation)
    write_sealed(path, key, (orjson.dumps(known), b"\n", b"".join(operations)))


def _known(operation: EncodedOperation | None) -> tuple[Any, ...] | None:
    if operation is None:
        return None
    http = operation.http and (operation.http.method, operation.http.path)
    return operation.name, http, operation.statuses, len(operation.body), len(operation.documentation)


def _told(problem: Problem) -> tuple[Any, ...]:
    places = [_place(place) for place in (problem.place, *problem.also)]
    return problem.code, problem.message, problem.cure, places


def _is_unicode(problem: Problem) -> bool:
    """Whether JSON can hold a problem; a message may quote half of a character."""
    try:
        f"{problem.message}{problem.cure}".encode()
    except UnicodeEncodeError:
        return False
    return True


def _place(place: Place) -> tuple[str, int, int, str, int]:
    return str(place.path), place.line, place.column, place.text, place.width


def _operation(known: list[Any], content: bytes, place: int) -> tuple[EncodedOperation, int]:
    """Return the operation that begins at a place, and the place behind it."""
    name, http, statuses, body_length, length = known
    body_end = place + body_length
    end = body_end + length
    route = None if http is None else Http(*http)
    codes = tuple([(code, status) for code, status in statuses]) if statuses else ()
    return EncodedOperation(name, route, codes, content[place:body_end], content[body_end:end]), end


def _problem(code: str, message: str, cure: str, places: list[list[Any]]) -> Problem:
    first, *also = [Place(Path(path), line, column, text, width) for path, line, column, text, width in places]
    return Problem(code, message, cure, first, tuple(also))
