"""A file from one command to another, which counts only exactly as it was written.

A digest of all that follows, on a line of its own; a key, on the next; and the content. The digest finds damage and not
malice: who may write the file decides what is compiled, as who may write the query files does.
"""

import hashlib
from collections.abc import Iterable
from pathlib import Path

from queryport.whole_file import write_whole


def read_sealed(path: Path, key: str) -> bytes | None:
    """Return the content of a file that was written for a key; None where there is none, whole."""
    try:
        with path.open("rb") as file:
            digest, found, content = file.readline(), file.readline(), file.read()
    except OSError:
        return None
    head = key.encode() + b"\n"
    return content if found == head and digest == _digest(head, content) else None


def write_sealed(path: Path, key: str, content: Iterable[bytes]) -> None:
    """Write the file whole or not at all, even where another process writes it at the time. Raises OSError."""
    parts = (key.encode() + b"\n", *content)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, (_digest(*parts), *parts))


def _digest(*parts: bytes) -> bytes:
    """The line of the digest."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.hexdigest().encode() + b"\n"
