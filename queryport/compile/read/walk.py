"""Walks through a folder of query files once for all that look for something in it.

Names that begin with a dot are passed over, where they are folders: they are editors' and version control's.
"""

import os
from pathlib import Path
from typing import NamedTuple

from queryport.compile.read.stamps import Stamp, stamp_of

QUERY_ENDING = ".sql"


class WalkedFolder(NamedTuple):
    """One folder as it was found."""

    path: str
    folders: list[str]
    """The names of the folders in it, links to folders included."""
    files: dict[str, Stamp | None]
    """The names of its files, each query file with the stamp that it can be known by, if it has one."""


class Walked(NamedTuple):
    """The folders below one, itself included."""

    root: Path
    folders: list[WalkedFolder]
    refused: list[OSError]
    """The reasons why further ones cannot be read."""


def walk(folder: Path, settled: int) -> Walked:
    """Look at every folder, and at no link to one; `settled` is the `settled_ns` of before."""
    walked = Walked(folder, [], [])
    ahead = [str(folder)]
    while ahead:
        path = ahead.pop()
        folders: list[str] = []
        files: dict[str, Stamp | None] = {}
        below: list[str] = []
        try:
            with os.scandir(path) as entries:
                for entry in entries:
                    name = entry.name
                    if not _is_folder(entry):
                        files[name] = stamp_of(entry, settled) if name.endswith(QUERY_ENDING) else None
                    elif not name.startswith("."):
                        folders.append(name)
                        if not entry.is_symlink():
                            below.append(entry.path)
        except OSError as error:
            walked.refused.append(error)
            continue
        walked.folders.append(WalkedFolder(path, folders, files))
        ahead += below
    return walked


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # of a link that leads in a circle
        return False
