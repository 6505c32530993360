"""Finds and reads the query files of a folder, which may change meanwhile.

A file that goes away is as one that never was; one that cannot be read, or whose path makes no operation name, is
reported as it is found. Names that begin with a dot are passed over: they are editors' locks and temporary files.
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from operator import itemgetter
from pathlib import Path

from queryport.compile.read.earlier_reading import EarlierReading, shown_file
from queryport.compile.read.regular_file import WHOLE, read_bytes
from queryport.compile.read.stamps import Stamp
from queryport.compile.read.walk import QUERY_ENDING, Walked
from queryport.diagnostics.reporter import Reporter
from queryport.diagnostics.source import Problem, Source, Span, shown

FoundFile = tuple[Path, str | None, Source, tuple[Problem, ...]]
"""A file of a project: the folder that it lies in, the same object for all files of one; its operation's name; its
text; and where there is no name, the problems that are the reason.

Of thousands, tuples are made in a fraction of the time of named ones.
"""


def find_query_files(own: Walked, queries: Walked, earlier: EarlierReading) -> Iterator[FoundFile]:
    """Read the query files of two walks, through Queryport's own folder and another, in the order of their paths.

    Of those that are as they were at the `earlier` reading, the text is taken from there.
    """
    first: dict[str, _QueryPath] = {}
    for walked in (own, queries):
        for place in _listed(walked):
            _, directory, file_name, stamp, problem = place
            read = problem or _read(directory, file_name, stamp, earlier)
            if read is None:
                continue
            if isinstance(read, Reporter):
                yield directory.path, None, read.source, read.problems
                continue
            name = _named(directory, file_name)
            # Two names that differ by case alone would be one file on some systems and two on others.
            folded = "" if name is None else name.lower()
            if folded and (walked is own or not is_own(folded)) and first.setdefault(folded, place) is place:
                yield directory.path, name, read, ()
            else:
                yield directory.path, None, read, _unnamed(place, read, name, first)


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
    def order(self) -> str:
        """The beginning of its files' order, in which a shorter name comes before all that begin with it."""
        return "".join(f"{part}\0" for part in self.parts)

    @cached_property
    def prefix(self) -> str:
        """The beginning of its files' paths."""
        return os.path.join(self.path, "")  # noqa: PTH118 (a Path has no separator at its end)

    @cached_property
    def name(self) -> str | None:
        """The beginning of its operations' names; None where its own name makes none."""
        return "".join(f"{part}." for part in self.parts) if all(map(_is_name, self.parts)) else None


_QueryPath = tuple[str, _QueryFolder, str, Stamp | None, Reporter | None]
"""A query file, or what looks like one: its place among the paths, to sort by; its folder and its name; the stamp that
it can be known by; and what is wrong about it."""


def _listed(walked: Walked) -> list[_QueryPath]:
    """Return the places of the query files of a walk, and of what looks like one, in their order."""
    found: list[_QueryPath] = []
    for error in walked.refused:
        if isinstance(error, FileNotFoundError | NotADirectoryError):
            continue  # gone since its name was read
        path = Path(error.filename)
        reporter = Reporter(Source(shown(path), ""))
        reporter.report("QP009", WHOLE, f"the folder cannot be read ({error.strerror})", _READABLE)
        directory = _directory(walked.root, path.parent)
        found.append((directory.order + path.name, directory, path.name, None, reporter))
    for parent, folders, files in walked.folders:
        directory = _directory(walked.root, Path(parent))
        order = directory.order
        misnamed = [name for name in folders if name.endswith(QUERY_ENDING)]
        found += [(order + name, directory, name, None, _no_file(directory, name)) for name in misnamed]
        for name, stamp in files.items():
            if name.startswith("."):
                continue
            if name.endswith(QUERY_ENDING):
                found.append((order + name, directory, name, stamp, None))
            elif name.lower().endswith((QUERY_ENDING, f"{QUERY_ENDING}.txt")):
                found.append((order + name, directory, name, None, _passed_over(directory, name)))
    found.sort(key=itemgetter(0))
    return found


def _directory(folder: Path, path: Path) -> _QueryFolder:
    return _QueryFolder(path, path.relative_to(folder).parts if path.is_relative_to(folder) else ())


_READABLE = "make it readable, or move it out of the folder"


def _no_file(directory: _QueryFolder, name: str) -> Reporter:
    reporter = Reporter(Source(shown_file(directory.shown, name), ""))
    reporter.report("QP009", WHOLE, "it is a folder, and it is called like a query file", "give it another name")
    return reporter


def _passed_over(directory: _QueryFolder, name: str) -> Reporter:
    reporter = Reporter(Source(shown_file(directory.shown, name), ""))
    called = reporter.source.path.name
    message = f"the file is passed over, since its name does not end in `.sql`: `{called}`"
    cure = f"call it `{called[: called.lower().index('.sql')]}.sql`, or move it out of the folder"
    reporter.report("QP011", WHOLE, message, cure)
    return reporter


def _read(directory: _QueryFolder, name: str, stamp: Stamp | None, earlier: EarlierReading) -> Source | Reporter | None:
    """Return a file's text, or the reporter of what is wrong with it, or None for one that is gone."""
    path = directory.prefix + name
    if stamp is not None and (known := earlier.look(path, stamp, directory.shown, name)):
        return known
    shown_path = shown_file(directory.shown, name)
    reporter = Reporter(Source(shown_path, ""))
    content = read_bytes(path, reporter)
    if content is None:
        return reporter if reporter.errors else None
    try:
        source = Source(shown_path, content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        reporter = Reporter(Source(shown_path, content.decode(errors="replace")))
        at = len(content[: error.start].decode(errors="replace"))
        reporter.report("QP002", Span(at, at + 1), "the file is not UTF-8 text", "save it as UTF-8")
        return reporter
    if stamp is not None:
        earlier.keep(path, stamp, directory.shown, source)
    return source


def _named(directory: _QueryFolder, name: str) -> str | None:
    """Return the name that a path makes, `orders.get_order` of `orders/get_order.sql`, or None where it makes none."""
    stem = name.removesuffix(QUERY_ENDING)
    if directory.name is not None and _is_name(stem):
        return directory.name + stem
    parts = _parts(directory, name)
    return ".".join(parts) if all(map(_is_name, parts)) else None


def _parts(directory: _QueryFolder, name: str) -> list[str]:
    return [*directory.parts, *name.removesuffix(QUERY_ENDING).split(".")]


def _unnamed(
    place: _QueryPath, source: Source, name: str | None, first: Mapping[str, _QueryPath]
) -> tuple[Problem, ...]:
    """Return the problem of a file whose path makes no name, or one that is not its own."""
    _, directory, file_name, *_ = place
    reporter = Reporter(source)
    if name is None:
        wrong = next(part for part in _parts(directory, file_name) if not _is_name(part))
        message = f"folders and file names make the operation's name, and `{_shown_name(wrong)}` is not a name"
        better = "".join(character if _is_name(f"a{character}") else "_" for character in wrong)
        cure = f"call it `{better}`" if _is_name(better) else "use letters, digits and _, and begin with a letter"
        reporter.report("QP006", WHOLE, message, cure)
    elif is_own(name):
        message = f"`{name}` lies in the folder of Queryport's own operations"
        reporter.report("QP008", WHOLE, message, "give the folder another name")
    else:
        _, directory, file_name, *_ = first[name.lower()]
        message = f"`{name}` is made by {shown_file(directory.shown, file_name)} already"
        reporter.report("QP007", WHOLE, message, "rename one of the two")
    return reporter.problems


def _is_name(part: str) -> bool:
    return part.isascii() and part.isidentifier()


def _shown_name(name: str) -> str:
    return name.encode(errors="replace").decode()
