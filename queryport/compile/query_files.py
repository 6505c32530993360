"""Finds and reads the query files of a folder, whatever happens in it meanwhile.

A file that goes away is as one that never was; one that cannot be read, or whose path makes no operation name, is
reported as it is found. Names that begin with a dot are passed over: they are editors' locks and temporary files.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from queryport.compile.read.regular_file import WHOLE, read_bytes
from queryport.diagnostics.reporter import Reporter
from queryport.diagnostics.source import Source, Span, shown


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file of the folder; where `name` is None, its reporter has the reason why there is nothing to compile."""

    path: Path
    name: str | None
    reporter: Reporter


def find_query_files(built_in: Path, queries: Path) -> Iterator[FoundFile]:
    """Read Queryport's own query files and those below `queries`, in the order of their paths."""
    first: dict[str, Path] = {}
    for folder in (built_in, queries):
        for path, problem in _listed(folder):
            reporter = problem or _read(path)
            if reporter is None:
                continue
            name = None if reporter.errors or problem else _named(reporter, path.relative_to(folder))
            if name is not None and folder is queries and is_own(name):
                message = f"`{name}` lies in the folder of Queryport's own operations"
                reporter.report("QP008", WHOLE, message, "give the folder another name")
            # Two names that differ by case alone would be one file on some systems and two on others.
            elif name is not None and first.setdefault(name.lower(), path) != path:
                message = f"`{name}` is made by {shown(first[name.lower()])} already"
                reporter.report("QP007", WHOLE, message, "rename one of the two")
            yield FoundFile(path, None if reporter.errors else name, reporter)


def is_own(name: str) -> bool:
    """Return whether an operation's name is one of Queryport's own."""
    return name.lower().startswith("queryport.")


def _listed(folder: Path) -> list[tuple[Path, Reporter | None]]:
    """Return the paths of the query files below a folder, and of what looks like one, with what is wrong about it."""
    found: list[tuple[Path, Reporter | None]] = []

    def refused(error: OSError) -> None:
        if isinstance(error, FileNotFoundError | NotADirectoryError):
            return  # gone since its name was read
        path = Path(error.filename)
        reporter = Reporter(Source(shown(path), ""))
        reporter.report("QP009", WHOLE, f"the folder cannot be read ({error.strerror})", _READABLE)
        found.append((path, reporter))

    for parent, folders, names in os.walk(folder, onerror=refused):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            path = Path(parent, name)
            if name.startswith("."):
                continue
            if name.endswith(".sql"):
                found.append((path, None))
            elif name.lower().endswith((".sql", ".sql.txt")):
                found.append((path, _passed_over(path)))
    return sorted(found, key=lambda entry: entry[0])


_READABLE = "make it readable, or move it out of the folder"


def _passed_over(path: Path) -> Reporter:
    reporter = Reporter(Source(shown(path), ""))
    end = path.name.lower().index(".sql")
    message = f"the file is passed over, since its name does not end in `.sql`: `{shown(path).name}`"
    reporter.report("QP011", WHOLE, message, f"call it `{shown(path).name[:end]}.sql`, or move it out of the folder")
    return reporter


def _read(path: Path) -> Reporter | None:
    """Return the reporter of a file's text, or None for one that is gone."""
    reporter = Reporter(Source(shown(path), ""))
    content = read_bytes(path, reporter, _READABLE)
    if content is None:
        return reporter if reporter.errors else None
    try:
        return Reporter(Source(shown(path), content.decode("utf-8-sig")))
    except UnicodeDecodeError as error:
        reporter = Reporter(Source(shown(path), content.decode(errors="replace")))
        at = len(content[: error.start].decode(errors="replace"))
        reporter.report("QP002", Span(at, at + 1), "the file is not UTF-8 text", "save it as UTF-8")
        return reporter


def _named(reporter: Reporter, path: Path) -> str | None:
    """Return the name that a path makes, `orders.get_order` of `orders/get_order.sql`."""
    parts = [*path.parts[:-1], *path.stem.split(".")]
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
