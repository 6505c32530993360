"""Reads `_folder.yaml`: what holds for all query files of a folder and of those below it.

The nearest folder wins, and a file wins over every folder; mappings are merged key by key.
"""

from collections.abc import Iterator, Mapping, Sequence
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from pydantic import ValidationError

from queryport.compile.read.front_matter import FolderSettings, FrontMatter
from queryport.compile.read.header import NO_FRONT_MATTER, Header, report_invalid
from queryport.compile.read.located_yaml import KeyPath, Reader
from queryport.compile.read.regular_file import WHOLE, read_bytes
from queryport.compile.read.walk import Walked
from queryport.compile.read.yaml_nodes import compose
from queryport.diagnostics.reporter import Reporter
from queryport.diagnostics.source import Problem, Source, Span, shown

FOLDER_FILE = "_folder.yaml"


class Folder(NamedTuple):
    """One `_folder.yaml` that has nothing wrong with it."""

    source: Source
    values: Mapping[str, Any]
    keys: Mapping[KeyPath, Span]
    """Where each key stands."""
    value_spans: Mapping[KeyPath, Span]


class Folders(NamedTuple):
    """The `_folder.yaml`s of a project."""

    root: Path
    by_path: Mapping[Path, Folder]
    project: Folder | None = None
    """The project's own settings for all folders."""
    problems: tuple[Problem, ...] = ()
    broken: frozenset[Path] = frozenset()
    """The folders whose `_folder.yaml` cannot be used: the rights of all below are unknown."""

    def are_broken_above(self, directory: Path) -> bool:
        """Return whether the files of a folder would inherit from a `_folder.yaml` that cannot be used."""
        return not self.broken.isdisjoint((directory, *directory.parents))

    def above(self, directory: Path) -> tuple[Folder, ...]:
        """Return the folders that the files of one inherit from, the farthest first."""
        parents = [each for each in (*reversed(directory.parents), directory) if each.is_relative_to(self.root)]
        folders = tuple(self.by_path[parent] for parent in parents if parent in self.by_path)
        return (self.project, *folders) if parents and self.project is not None else folders


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
    content = read_bytes(str(path), reporter, _READABLE)
    if content is None:
        return reporter if reporter.errors else None
    try:
        return Reporter(Source(shown(path), TextIOWrapper(BytesIO(content), "utf-8-sig").read()))
    except UnicodeDecodeError:
        reporter.report("QP009", WHOLE, "the file cannot be read (it is not UTF-8 text)", _READABLE)
        return reporter


def _read(reporter: Reporter) -> Folder | None:
    source = reporter.source
    starts = source.line_starts

    def offset(mark: yaml.Mark) -> int:
        return min(starts[mark.line] + mark.column if mark.line < len(starts) else len(source.text), len(source.text))

    try:
        node = compose(source.text)
    except (yaml.YAMLError, ValueError, OverflowError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        start = offset(mark) if mark else 0
        problem = getattr(error, "problem", None) or type(error).__name__
        reporter.report(
            "QP003", Span(start, start + 1), f"not valid YAML ({problem})", "write it as `key: value` lines"
        )
        return None
    reader = Reader(reporter, offset)
    value = reader.read(node, ()) if node is not None else {}
    header = Header(NO_FRONT_MATTER, 0, reader.keys, reader.values)
    if not isinstance(value, dict):
        reporter.report("QP005", WHOLE, "the file is not a mapping", "write it as `key: value` lines")
    if reporter.errors:
        return None
    try:
        FolderSettings.model_validate(value)
    except ValidationError as error:
        details = {header.path(detail["loc"]): detail for detail in reversed(error.errors(include_url=False))}
        for path, detail in details.items():
            report_invalid(reporter, header, path, detail, FolderSettings)
        return None
    return Folder(source, value, _elsewhere(source, reader.keys), _elsewhere(source, reader.values))


def _elsewhere(source: Source, spans: Mapping[KeyPath, Span]) -> dict[KeyPath, Span]:
    return {path: Span(span.start, span.end, source) for path, span in spans.items() if path}


def inherit(header: Header, folders: Sequence[Folder]) -> Header:
    """Return a file's header with what it inherits from its folders, the farthest first."""
    if not folders:
        return header
    values: Mapping[str, Any] = {}
    keys: dict[KeyPath, Span] = {}
    value_spans: dict[KeyPath, Span] = {}
    for folder in folders:
        values = merged(values, folder.values)
        keys |= folder.keys
        value_spans |= folder.value_spans
    own = {name: values.get(name) for name in ("prefix", "tag")}
    inherited = {name: value for name, value in values.items() if FrontMatter.IN_FOLDERS.get(name)}
    return Header(
        FrontMatter.model_validate(merged(inherited, header.written)),
        header.end,
        keys | header.keys,
        value_spans | header.values,
        header.written,
        prefix=own["prefix"] or "",
        tag=own["tag"],
    )


_GUARDS = ("allow", "from", "role")


def merged(values: Mapping[str, Any], nearer: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of a folder with those of a nearer one, or of a file, which win."""
    result = dict(values)
    for key, value in nearer.items():
        before = result.get(key)
        if value is None and (isinstance(before, Mapping) or (before is not None and key in _GUARDS)):
            continue  # what says nothing takes no protection away
        result[key] = merged(before, value) if isinstance(before, Mapping) and isinstance(value, Mapping) else value
    return result
