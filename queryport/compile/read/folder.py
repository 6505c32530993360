"""The settings of `_folder.yaml`: what holds for all query files of a folder and of those below it.

The nearest folder wins, and a file wins over every folder; mappings are merged key by key.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from queryport.compile.read.front_matter import FrontMatter
from queryport.compile.read.header import Header, KeyPath
from queryport.diagnostics.source import Problem, Source, Span

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
