"""Keeps the results of compiled files, so that a command compiles only changed ones.

A file is known by its key: its name, its text and the settings of its folders. What else it depends on is the cache's
own key: the schema, and the compiler itself. With a directory the cache outlives the command. A cache is only ever a
saving: one that is damaged, old, of another schema or cannot be written is as none.
"""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from queryport.compile.cache.cache_file import read_entries, write_entries
from queryport.compile.cache.entry import found, kept
from queryport.compile.cache.kept_lines import LostLinesError, drop_lines
from queryport.compile.compiled_file import CompiledFile
from queryport.compile.project_files import QueryText

_FILES_KEPT = 4
"""A few schemas and versions, so that going back and forth between branches stays quick."""


class CompileCache:
    """The compiled files of the last compilation against one schema."""

    def __init__(self, directory: Path | None, *, writes: bool = True, whole: bool = True) -> None:
        """`directory` is where the entries are kept beyond the command; None keeps them in memory alone.

        Unless `whole`, operations are read when they are looked into: for a command that looks into none.
        """
        self._directory = directory
        self._writes = writes
        self._whole = whole
        self._key: str | None = None
        self._entries: Mapping[str, CompiledFile] = {}
        self._is_written = True

    def open(self, key: str) -> None:
        """Turn to the entries of a schema and a compiler, which `key` stands for."""
        if key != self._key:
            self._key = key
            path = self._path
            self._entries = {} if path is None else read_entries(path, key, whole=self._whole)
            self._is_written = True

    def borrowed(self) -> "CompileCache":
        """Return a cache with the entries of the same directory that leaves them to those they are for."""
        return CompileCache(self._directory, writes=False)

    def known(self, texts: Iterable[QueryText]) -> dict[str, CompiledFile]:
        """Return the results of those files that need not be compiled, by their keys."""
        entries = self._entries
        known = {}
        for text in texts:
            entry = entries.get(text.key)
            if entry is not None:
                known[text.key] = found(text, entry) if entry.problems else entry
        return known

    def keep(self, texts: Iterable[QueryText], compiled: Mapping[str, CompiledFile]) -> None:
        """Keep the results of these files and of no others, in memory until they are written."""
        before = self._entries
        self._entries = {
            text.key: before.get(text.key) or kept(text, compiled[text.key])
            for text in texts
            if compiled[text.key].lasting
        }
        if self._entries.keys() != before.keys():
            self._is_written = False

    def write(self) -> None:
        """Write what is kept to the directory, unless it is there already."""
        path = self._path
        if self._is_written or not self._writes or path is None or self._key is None:
            return
        self._is_written = True
        with suppress(OSError):  # a full disk, or a folder of another user's: the next command compiles again
            try:
                write_entries(path, self._key, self._entries)
            except LostLinesError:
                path.unlink(missing_ok=True)
            _drop_oldest(path.parent)

    @property
    def _path(self) -> Path | None:
        return None if self._directory is None or self._key is None else self._directory / f"{self._key}.cache"


def _drop_oldest(directory: Path) -> None:
    files = sorted(directory.glob("*.cache"), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in files[_FILES_KEPT:]:
        path.unlink(missing_ok=True)
        drop_lines(path)
