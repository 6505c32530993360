"""Walks through a folder of query files once for all that look for something in it.

Names that begin with a dot are passed over, where they are folders: they are editors' and version control's.
"""

import os
from pathlib import Path
from typing import NamedTuple


class Walked(NamedTuple):
    """The folders below one, itself included."""

    folders: list[tuple[str, list[str], list[str]]]
    """The path of each, the names of the folders in it, and the names of its files."""
    refused: list[OSError]
    """The reasons why further ones cannot be read."""


def walk(folder: Path) -> Walked:
    walked = Walked([], [])
    for parent, folders, names in os.walk(folder, onerror=walked.refused.append):
        folders[:] = [name for name in folders if not name.startswith(".")]
        walked.folders.append((parent, folders, names))
    return walked
