"""Finds and reads the query files of a folder, which may change meanwhile.

A file that goes away is as one that never was; one that cannot be read, or whose path makes no operation name, is
reported as it is found. Names that begin with a dot are passed over: they are editors' locks and temporary files.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from operator import attrgetter
from pathlib import Path
from typing import NamedTuple

from queryport.compile.read.earlier_reading import EarlierReading, shown_file
from queryport.compile.read.regular_file import WHOLE, read_bytes
from queryport.diagnostics.reporter import Reporter
from queryport.diagnostics.source import Source, Span, shown


class FoundFile(NamedTuple):
    """A file of the folder; where `name` is None, its reporter has the reason why there is nothing to compile."""

    directory: Path
    """The folder that it lies in, the same object for all files of one."""
    name: str | None
    reporter: Reporter


def find_query_files(built_in: Path, queries: Path, earlier: EarlierReading) -> Iterator[FoundFile]:
    """Read Queryport's own query files and those below `queries`, in the order of their paths.

    Of those that are as they were at the `earlier` reading, the text is taken from there.
    """
    first: dict[str, _QueryPath] = {}
    for folder in (built_in, queries):
        for place in _listed(folder):
            reporter = place.problem or _read(place, earlier)
            if reporter is None:
                continue
            name = None if reporter.errors or place.problem else _named(reporter, place)
            if name is not None:
                # Two names that differ by case alone would be one file on some systems and two on others.
                folded = name.lower()
                if folder is queries and is_own(folded):
                    message = f"`{name}` lies in the folder of Queryport's own operations"
                    reporter.report("QP008", WHOLE, message, "give the folder another name")
                elif (earlier_place := first.setdefault(folded, place)) is not place:
                    message = f"`{name}` is made by {earlier_place.shown} already"
                    reporter.report("QP007", WHOLE, message, "rename one of the two")
            yield FoundFile(place.directory.path, None if reporter.errors else name, reporter)


def is_own(name: str) -> bool:
    """Return whether an operation's name is one of Queryport's own."""
    return name.lower().startswith("queryport.")


@dataclass(frozen=True)
class _QueryFolder:
    """A folder with what its files have in common, of which there may be thousands."""

    path: Path
    parts: tuple[str, ...]
    """Its names below the folder of all query files."""

    @cached_property
    def shown(self) -> Path:
        return shown(self.path / "file").parent

    @cached_property
    def prefix(self) -> str:
        """The beginning of its files' paths."""
        return os.path.join(self.path, "")  # noqa: PTH118 (a Path has no separator at its end)

    @cached_property
    def name(self) -> str | None:
        """The beginning of its operations' names; None where its own name makes none."""
        return "".join(f"{part}." for part in self.parts) if all(map(_is_name, self.parts)) else None


class _QueryPath(NamedTuple):
    """A query file, or what looks like one; then `problem` says what is wrong about it."""

    directory: _QueryFolder
    name: str
    problem: Reporter | None = None

    @property
    def shown(self) -> Path:
        return shown_file(self.directory.shown, self.name)

    @property
    def order(self) -> tuple[str, ...]:
        return *self.directory.parts, self.name


def _listed(folder: Path) -> list[_QueryPath]:
    """Return the places of the query files below a folder, and of what looks like one, in their order."""
    found: list[_QueryPath] = []

    def refused(error: OSError) -> None:
        if isinstance(error, FileNotFoundError | NotADirectoryError):
            return  # gone since its name was read
        path = Path(error.filename)
        reporter = Reporter(Source(shown(path), ""))
        reporter.report("QP009", WHOLE, f"the folder cannot be read ({error.strerror})", _READABLE)
        found.append(_QueryPath(_directory(folder, path.parent), path.name, reporter))

    for parent, folders, names in os.walk(folder, onerror=refused):
        folders[:] = [name for name in folders if not name.startswith(".")]
        directory = _directory(folder, Path(parent))
        for name in names:
            if name.startswith("."):
                continue
            if name.endswith(".sql"):
                found.append(_QueryPath(directory, name))
            elif name.lower().endswith((".sql", ".sql.txt")):
                found.append(_QueryPath(directory, name, _passed_over(directory, name)))
    return sorted(found, key=attrgetter("order"))


def _directory(folder: Path, path: Path) -> _QueryFolder:
    return _QueryFolder(path, path.relative_to(folder).parts if path.is_relative_to(folder) else ())


_READABLE = "make it readable, or move it out of the folder"


def _passed_over(directory: _QueryFolder, name: str) -> Reporter:
    reporter = Reporter(Source(shown_file(directory.shown, name), ""))
    called = reporter.source.path.name
    message = f"the file is passed over, since its name does not end in `.sql`: `{called}`"
    cure = f"call it `{called[: called.lower().index('.sql')]}.sql`, or move it out of the folder"
    reporter.report("QP011", WHOLE, message, cure)
    return reporter


def _read(place: _QueryPath, earlier: EarlierReading) -> Reporter | None:
    """Return the reporter of a file's text, or None for one that is gone."""
    path = place.directory.prefix + place.name
    stamp = earlier.stamp(path)
    source = earlier.source(path, stamp, place.directory.shown, place.name)
    if source is not None:
        return Reporter(source)
    shown_path = place.shown
    reporter = Reporter(Source(shown_path, ""))
    content = read_bytes(path, reporter, _READABLE)
    if content is None:
        return reporter if reporter.errors else None
    try:
        source = Source(shown_path, content.decode("utf-8-sig"))
        earlier.keep(path, stamp, place.directory.shown, source)
        return Reporter(source)
    except UnicodeDecodeError as error:
        reporter = Reporter(Source(shown_path, content.decode(errors="replace")))
        at = len(content[: error.start].decode(errors="replace"))
        reporter.report("QP002", Span(at, at + 1), "the file is not UTF-8 text", "save it as UTF-8")
        return reporter


def _named(reporter: Reporter, place: _QueryPath) -> str | None:
    """Return the name that a path makes, `orders.get_order` of `orders/get_order.sql`."""
    stem = place.name.removesuffix(".sql")
    if place.directory.name is not None and _is_name(stem):
        return place.directory.name + stem
    parts = [*place.directory.parts, *stem.split(".")]
    if all(_is_name(part) for part in parts):
        return ".".join(parts)
    wrong = next(part for part in parts if not _is_name(part))
    message = f"folders and file names make the operation's name, and `{_shown_name(wrong)}` is not a name"
    better = "".join(character if _is_name(f"a{character}") else "_" for character in wrong)
    cure = f"call it `{better}`" if _is_name(better) else "use letters, digits and _, and begin with a letter"
    reporter.report("QP006", WHOLE, message, cure)
    return None


def _is_name(part: str) -> bool:
    return part.isascii() and part.isidentifier()


def _shown_name(name: str) -> str:
    return name.encode(errors="replace").decode()
