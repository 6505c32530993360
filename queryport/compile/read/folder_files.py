"""Reads the settings of a project's folders, each from its `_folder.yaml`."""

from collections.abc import Iterator, Mapping
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import Any

from queryport.compile.read.folder import FOLDER_FILE, Folder, Folders
from queryport.compile.read.regular_file import WHOLE, read_bytes
from queryport.compile.read.walk import Walked
from queryport.diagnostics.reporter import Reporter
from queryport.diagnostics.source import Problem, Source, shown


def read_folders(walked: Walked, defaults: Mapping[str, Any]) -> Folders:
    """Read every `_folder.yaml` of the walk through a folder; one that cannot be used is reported and left out.

    `defaults` are values of keys that hold for all of them, from the project's settings.
    """
    by_path: dict[Path, Folder] = {}
    problems: list[Problem] = []
    broken: set[Path] = set()
    for path in sorted(_paths(walked)):
        reporter = _text(path)
        if reporter is None:
            continue
        folder = None if reporter.errors else _read(reporter)
        if folder is not None:
            by_path[path.parent] = folder
        if reporter.errors:
            broken.add(path.parent)
        problems += reporter.problems
    return Folders(walked.root, by_path, _of_project(defaults), tuple(problems), frozenset(broken))


def _of_project(defaults: Mapping[str, Any]) -> Folder | None:
    if not defaults:
        return None
    text = "".join(f"{key}: {value}\n" for key, value in sorted(defaults.items()))
    return Folder(Source(Path("queryport.toml"), text), defaults, {}, {})


_READABLE = "make it readable, or delete it"
_LOOK_ALIKES = frozenset({FOLDER_FILE, "_folder.yml", "folder.yaml", "folder.yml"})


def _paths(walked: Walked) -> Iterator[Path]:
    for parent, folders, names in walked.folders:
        every = (*names, *folders)
        if not _LOOK_ALIKES.isdisjoint(map(str.lower, every)):  # as of nearly no folder, which may hold thousands
            yield from [Path(parent, name) for name in every if name.lower() in _LOOK_ALIKES]


def _text(path: Path) -> Reporter | None:
    """Return the reporter of a file's text, or None for one that is gone."""
    reporter = Reporter(Source(shown(path), ""))
    if path.name != FOLDER_FILE:
        message = f"`{path.name}` looks like the settings of its folder, which are called `{FOLDER_FILE}`"
        reporter.report("QP009", WHOLE, message, f"call it `{FOLDER_FILE}`, or move it out of the folder")
        return reporter
    content = read_bytes(str(path), reporter)
    if content is None:
        return reporter if reporter.errors else None
    try:
        return Reporter(Source(shown(path), TextIOWrapper(BytesIO(content), "utf-8-sig").read()))
    except UnicodeDecodeError:
        reporter.report("QP009", WHOLE, "the file cannot be read (it is not UTF-8 text)", _READABLE)
        return reporter


def _read(reporter: Reporter) -> Folder | None:
    # Here, since what reads YAML takes as long to import as a whole project without any takes to read.
    from queryport.compile.read.folder_yaml import read_folder

    return read_folder(reporter)
