"""The place of the tests' databases: memory, where there is room. To make and drop one takes half the CPU there."""

import os
from pathlib import Path

import psutil

_MEMORY = Path("/dev/shm")  # noqa: S108 (a folder of an unforeseeable name is made there)
_NEEDED_BYTES = 6 << 30
"""Several times what the databases of a whole run with four workers take."""


def in_memory() -> Path | None:
    """A folder whose files lie in memory, with room and leave to run programs; None where there is none."""
    if not os.access(_MEMORY, os.W_OK):
        return None
    found = os.statvfs(_MEMORY)
    room = min(found.f_bavail * found.f_frsize, psutil.virtual_memory().available)
    return _MEMORY if room >= _NEEDED_BYTES and not found.f_flag & os.ST_NOEXEC else None
