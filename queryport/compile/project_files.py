"""Reads all files of a project that its operations are compiled from, and tells one state of each from another."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any

from queryport.compile.query_files import find_query_files
from queryport.compile.read.earlier_reading import EarlierReading
from queryport.compile.read.folder import FOLDER_FILE, Folder, Folders, read_folders
from queryport.compile.read.regular_file import WHOLE
from queryport.diagnostics.source import Problem, Source

BUILT_IN = Path(__file__).with_name("operations")
"""The query files of Queryport's own operations, which every catalogue has."""


@dataclass(frozen=True)
class QueryText:
    """A query file that can be compiled, with all that it is compiled from besides the database."""

    name: str
    """The operation's."""
    source: Source
    folders: tuple[Folder, ...]
    """Those that it inherits from, the farthest first."""

    @cached_property
    def key(self) -> str:
        """The name and digests of the texts: files of one key come to the same, but for the paths that are shown."""
        # The settings of the project and those of a folder point at different places.
        settings = [f":{folder.source.path.name}:{folder.source.digest}" for folder in self.folders]
        return f"{self.name}:{self.source.digest}{''.join(settings)}"

    @property
    def paths(self) -> tuple[Path, ...]:
        """The files that a problem of this one can lie in, as they are shown."""
        return self.source.path, *(folder.source.path for folder in self.folders)


@dataclass(frozen=True, slots=True)
class ProjectFiles:
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
        self._above: dict[Path, tuple[Folder, ...]] = {}

    def read(self, queries: Path, defaults: Mapping[str, Any] = MappingProxyType({})) -> ProjectFiles:
        """Read a project as `read_project` does. What did not change is the same object as before."""
        self._earlier.begin()
        folders = read_folders(queries, defaults)
        problems: list[Problem] = [*folders.problems]
        texts = []
        above: dict[Path, tuple[Folder, ...]] = {}
        # Of a folder, once for its files, of which there may be thousands.
        are_broken = cache(folders.are_broken_above)
        for found in find_query_files(BUILT_IN, queries, self._earlier):
            directory, reporter = found.directory, found.reporter
            if found.name is not None and are_broken(directory):
                message = f"it inherits from a `{FOLDER_FILE}` that cannot be used"
                reporter.report("QP009", WHOLE, message, f"mend that `{FOLDER_FILE}`, or delete it")
            problems += reporter.problems
            if found.name is not None and not reporter.errors:
                if directory not in above:
                    above[directory] = self._same_above(directory, folders)
                texts.append(self._same_text(found.name, reporter.source, above[directory]))
        self._texts, self._above = {text.name: text for text in texts}, above
        return ProjectFiles(tuple(texts), tuple(problems), folders)

    def keep(self) -> None:
        """Leave what was read to the next command."""
        self._earlier.write()

    def _same_above(self, directory: Path, folders: Folders) -> tuple[Folder, ...]:
        before, now = self._above.get(directory), folders.above(directory)
        return before if before is not None and before == now else now

    def _same_text(self, name: str, source: Source, folders: tuple[Folder, ...]) -> QueryText:
        """Return the text of before where it is the same, since its key is known."""
        before = self._texts.get(name)
        is_same = before is not None and before.source is source and before.folders is folders
        return before if before is not None and is_same else QueryText(name, source, folders)
