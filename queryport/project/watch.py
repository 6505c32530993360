"""Notices that something in a project was saved: its query files, its scripts or its queryport.toml.

Says only that, not what: the files are read afresh anyway. What editors and git leave lying about for a moment is not
looked at. A watch keeps to the folders that were there when it began; `outdated` says when another one is due.
"""

import stat
import threading
from collections.abc import Sequence
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Self

import watchfiles

from queryport.console.failure import CommandError
from queryport.project.project import Project
from queryport.project.settings import SETTINGS_FILE

_QUIET_MS = 30  # a save may be several writes; this long without another ends it
_AT_MOST_MS = 200


class WatchError(CommandError):
    """The operating system does not let us watch, for instance because of its limits."""


class Watch:
    """Watches from threads of its own; use as a context manager."""

    def __init__(self, project: Project) -> None:
        self._folders = _folders(project)
        self._present = _present(self._folders)
        self._changes: SimpleQueue[Exception | None] = SimpleQueue()
        self._stop = threading.Event()
        self._has_failed = False
        # The folders' own coming and going shows in those above them.
        above = {project.root, *(folder.parent for folder in self._folders if _inode(folder.parent) is not None)}
        inside = [folder for folder, inode in self._present.items() if inode is not None]
        self._threads = [
            threading.Thread(target=self._watch, args=(inside, True, watchfiles.DefaultFilter()), daemon=True),
            threading.Thread(target=self._watch, args=(sorted(above), False, self._is_ours), daemon=True),
        ]
        self._watched = {str(project.root / SETTINGS_FILE), *map(str, self._folders)}

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def wait(self, seconds: float | None = None) -> bool:
        """Wait for the next change, at most some seconds, and return whether there was one.

        Raises WatchError if there is nothing to wait for any more.
        """
        try:
            error = self._changes.get(timeout=seconds)
        except Empty:
            return False
        if error is not None:
            self._has_failed = True
            raise WatchError(f"the project's files cannot be watched: {error}") from error
        return True

    def outdated(self, project: Project) -> bool:
        """Return whether this watch has failed, or the project's folders are not those that it has."""
        return self._has_failed or _present(_folders(project)) != self._present

    def _watch(self, paths: Sequence[Path], recursive: bool, accept: watchfiles.filters.BaseFilter) -> None:  # noqa: FBT001 (a thread's target)
        try:
            for _ in watchfiles.watch(
                *paths,
                watch_filter=accept,
                debounce=_AT_MOST_MS,
                step=_QUIET_MS,
                stop_event=self._stop,
                recursive=recursive,
            ):
                self._changes.put(None)
        except (OSError, RuntimeError) as error:
            self._changes.put(error)

    def _is_ours(self, _: watchfiles.Change, path: str) -> bool:
        return path in self._watched


def _folders(project: Project) -> tuple[Path, ...]:
    seed = project.seed or project.root / "seed"
    return project.queries, project.migrations, seed


def _present(folders: Sequence[Path]) -> dict[Path, int | None]:
    """The folders with what tells a folder from another one that took its name."""
    return {folder: _inode(folder) for folder in folders}


def _inode(folder: Path) -> int | None:
    """None where there is no folder, or none that may be looked at."""
    try:
        found = folder.stat()
    except OSError:
        return None
    return found.st_ino if stat.S_ISDIR(found.st_mode) else None
