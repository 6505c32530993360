"""Reads all files of a project that its operations are compiled from, and tells one state of each from another."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from queryport.compile.query_files import find_query_files
from queryport.compile.read.earlier_reading import EarlierReading
from queryport.compile.read.folder import FOLDER_FILE, Folder, Folders
from queryport.compile.read.folder_files import read_folders
from queryport.compile.read.regular_file import WHOLE
from queryport.compile.read.walk import walk
from queryport.diagnostics.reporter import Reporter
from queryport.diagnostics.source import Problem, Source

BUILT_IN = Path(__file__).with_name("operations")
"""The query files of Queryport's own operations, which every catalogue has."""


class QueryText(NamedTuple):
    """A query file that can be compiled, with all that it is compiled from besides the database."""

    name: str
    """The operation's."""
    source: Source
    folders: tuple[Folder, ...]
    """Those that it inherits from, the farthest first."""
    key: str
    """The name and digests of the texts: files of one key come to the same, but for the paths that are shown."""

    @property
    def paths(self) -> tuple[Path, ...]:
        """The files that a problem of this one can lie in, as they are shown."""
        return self.source.path, *(folder.source.path for folder in self.folders)


class ProjectFiles(NamedTuple):
    """The files of a project at one moment."""

    texts: tuple[QueryText, ...]
    problems: tuple[Problem, ...]
    """Those of files that cannot be compiled at all."""
    folders: Folders


def read_project(queries: Path, defaults: Mapping[str, Any] = MappingProxyType({})) -> ProjectFiles:
    """Read Queryport's own query files and those below `queries`, with the settings of their folders.

    `defaults` are keys that hold where neither a file nor a folder has them.
    """
    return ProjectReader().read(queries, defaults)


class ProjectReader:
    """Reads a project again and again, and of its query files those alone that have changed since the last time."""

    def __init__(self, kept_in: Path | None = None) -> None:
        """`kept_in` is the file that tells the next command what this one has read; None leaves it nothing."""
        self._earlier = EarlierReading(kept_in)
        self._texts: dict[str, QueryText] = {}
        self._above: dict[Path, _Above] = {}

    def read(self, queries: Path, defaults: Mapping[str, Any] = MappingProxyType({})) -> ProjectFiles:
        """Read a project as `read_project` does. What did not change is the same object as before."""
        settled = self._earlier.begin()
        own, walked = walk(BUILT_IN, settled), walk(queries, settled)
        folders = read_folders(walked, defaults)
        problems: list[Problem] = [*folders.problems]
        texts: dict[str, QueryText] = {}
        above: dict[Path, _Above] = {}
        last: Path | None = None
        inherited: _Above | None = None
        for directory, name, source, faults in find_query_files(own, walked, self._earlier):
            problems += faults
            if name is None:
                continue
            if directory is not last:  # else there is no need to ask for it by a path, which takes longer
                last, inherited = directory, above.get(directory)
            if inherited is None:
                inherited = above[directory] = self._above_of(directory, folders)
            if inherited.is_broken:
                reporter = Reporter(source)
                message = f"it inherits from a `{FOLDER_FILE}` that cannot be used"
                reporter.report("QP009", WHOLE, message, f"mend that `{FOLDER_FILE}`, or delete it")
                problems += reporter.problems
            else:
                texts[name] = self._text(name, source, inherited)
        self._texts, self._above = texts, above
        return ProjectFiles(tuple(texts.values()), tuple(problems), folders)

    def keep(self) -> None:
        """Leave what was read to the next command."""
        self._earlier.write()

    def _above_of(self, directory: Path, folders: Folders) -> "_Above":
        before, now = self._above.get(directory), folders.above(directory)
        same = before.folders if before is not None and before.folders == now else now
        # The settings of the project and those of a folder point at different places.
        settings = [f":{folder.source.path.name}:{folder.source.digest}" for folder in same]
        return _Above(same, "".join(settings), folders.are_broken_above(directory))

    def _text(self, name: str, source: Source, above: "_Above") -> QueryText:
        """Return the text of before where it is the same."""
        before = self._texts.get(name)
        if before is not None and before.source is source and before.folders is above.folders:
            return before
        return QueryText(name, source, above.folders, f"{name}:{source.digest}{above.key}")


class _Above(NamedTuple):
    """The folders that the files of one inherit from, of which there may be thousands."""

    folders: tuple[Folder, ...]
    key: str
    """The end of the files' keys."""
    is_broken: bool
    """One of the folders has settings that cannot be used."""
