"""A file from one command to another, which counts only exactly as it was written.

A digest of all that follows, on a line of its own; a key, on the next; and the content. The digest finds damage and not
malice: who may write the file decides what is compiled, as who may write the query files does.
"""

import hashlib
from collections.abc import Iterable
from pathlib import Path

from queryport.whole_file import write_whole

_DIGEST_SIZE = 2 * hashlib.sha256().digest_size + 1
"""Of its line."""


def read_sealed(path: Path, key: str) -> memoryview | None:
    """Return the content of a file that was written for a key; None where there is none, whole."""
    try:
        written = path.read_bytes()
    except OSError:
        return None
    digest, head = written[:_DIGEST_SIZE], key.encode() + b"\n"
    if not written.startswith(head, _DIGEST_SIZE):
        return None
    whole = memoryview(written)
    return whole[_DIGEST_SIZE + len(head) :] if digest == _digest(whole[_DIGEST_SIZE:]) else None


def write_sealed(path: Path, key: str, content: Iterable[bytes]) -> None:
    """Write the file whole or not at all, even where another process writes it at the time. Raises OSError."""
    parts = (key.encode() + b"\n", *content)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, (_digest(*parts), *parts))


def _digest(*parts: bytes | memoryview) -> bytes:
    """The line of the digest."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.hexdigest().encode() + b"\n"
