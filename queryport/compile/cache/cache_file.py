"""The file that a compile cache is kept in, in a form that nothing but this version of Queryport has to read.

It tells what is known of all entries without reading their operations, and in which files the lines of these are
(kept_lines.py). A cache whose files are not exactly as they were written has no entries.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import chain, repeat
from pathlib import Path
from typing import Any

import orjson

from handler.contract.operation import Http
from queryport.compile.cache.kept_lines import KeptLines, LostLinesError, drop_left_lines
from queryport.compile.compiled_file import CompiledFile
from queryport.compile.read.sealed_file import read_sealed, write_sealed
from queryport.compile.write.encoded import EncodedOperation, OperationLines
from queryport.diagnostics.source import Place, Problem

_MOST_FILES = 50
"""Files of lines, behind which all lines are written into one."""


def read_entries(path: Path, key: str, *, whole: bool = True) -> dict[str, CompiledFile]:
    """Return the entries of the cache of a key; none where the files are not those that were written for it, whole.

    Unless `whole`, the lines of operations are read when they are asked for, which then raises LostLinesError.
    """
    content = read_sealed(path, key)
    if content is None:
        return {}
    try:
        files, keys, columns, problems = orjson.loads(content)
        lines = [KeptLines(path.with_name(name), length, digest) for name, length, digest in files]
        if whole:
            for each in lines:
                _ = each.content
        elif not all(each.is_there for each in lines):
            return {}
        found: list[tuple[Problem, ...]] = [()] * len(keys)
        for number, told in problems:
            found[number] = tuple([_problem(*problem) for problem in told])
        return dict(zip(keys, map(CompiledFile, chain(_operations(lines, *columns), repeat(None)), found), strict=True))
    except (ValueError, TypeError, LookupError, LostLinesError):
        return {}


def write_entries(path: Path, key: str, entries: Mapping[str, CompiledFile]) -> None:
    """Write the cache whole or not at all, beside other writers.

    Lines that a file holds already are not written again. Raises OSError, and LostLinesError where they are gone.
    """
    told = [item for item in entries.items() if not item[1].problems or all(map(_is_unicode, item[1].problems))]
    told.sort(key=_has_no_operation)
    operations = [entry.encoded for _, entry in told if entry.encoded is not None]
    files = _good_files(path, operations)
    numbers: dict[OperationLines, int] = {lines: number for number, lines in enumerate(files)}
    added = [operation for operation in operations if operation.place[0] not in numbers]
    if added:
        new = KeptLines.written(path, [line for each in added for line in (each.body, each.documentation)])
        numbers[new] = len(files)
        files.append(new)
        _move(added, new)
    problems = [(number, [*map(_told, entry.problems)]) for number, (_, entry) in enumerate(told) if entry.problems]
    index = (
        [(lines.path.name, lines.length, lines.digest) for lines in files],
        [key for key, _ in told],
        _columns(operations, numbers),
        problems,
    )
    write_sealed(path, key, [orjson.dumps(index)])
    with suppress(OSError):  # another command removes them too
        drop_left_lines(path, files)


def _good_files(path: Path, operations: Iterable[EncodedOperation]) -> list[KeptLines]:
    """Return the files of lines that the cache goes on with: none where all are better written into one."""
    used: dict[KeptLines, int] = {}
    for operation in operations:
        lines, start, _, end = operation.place
        if isinstance(lines, KeptLines):
            used[lines] = used.get(lines, 0) + end - start
    files = [lines for lines in used if lines.path.parent == path.parent and lines.is_there]
    is_waste = 2 * sum(used.values()) < sum(lines.length for lines in files)
    return [] if is_waste or len(files) >= _MOST_FILES else files


def _move(operations: Iterable[EncodedOperation], lines: KeptLines) -> None:
    """Have operations at their places in a file of their lines."""
    end = 0
    for operation in operations:
        _, first, middle, last = operation.place
        start, end = end, end + last - first
        operation.place = lines, start, start + middle - first, end


def _has_no_operation(item: tuple[str, CompiledFile]) -> bool:
    return item[1].encoded is None


def _columns(operations: Sequence[EncodedOperation], numbers: Mapping[OperationLines, int]) -> Sequence[Any]:
    """Return what is known of the operations, by columns: of thousands, these are read in half the time of rows."""
    lines, starts, middles, ends = zip(*[each.place for each in operations], strict=True) if operations else ((),) * 4
    return (
        [each.name for each in operations],
        [each.http and (each.http.method, each.http.path) for each in operations],
        [each.statuses or None for each in operations],
        [each.anyone for each in operations],
        [numbers[each] for each in lines],
        starts,
        middles,
        ends,
    )


def _operations(
    files: list[KeptLines],
    names: list[str],
    routes: list[tuple[str, str] | None],
    statuses: list[list[tuple[str, int]] | None],
    anyone: list[bool],
    numbers: list[int],
    *places: list[int],
) -> Iterator[EncodedOperation]:
    return map(
        EncodedOperation,
        names,
        [None if each is None else Http(*each) for each in routes],
        [() if each is None else tuple([(code, status) for code, status in each]) for each in statuses],
        anyone,
        zip([files[number] for number in numbers], *places, strict=True),
    )


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


def _problem(code: str, message: str, cure: str, places: list[list[Any]]) -> Problem:
    first, *also = [Place(Path(path), line, column, text, width) for path, line, column, text, width in places]
    return Problem(code, message, cure, first, tuple(also))
