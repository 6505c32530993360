"""Files that are written whole or not at all, so that no reader meets half of one."""

import os
import secrets
from collections.abc import Iterable
from pathlib import Path

OWNER_ALONE = 0o600
"""The mode of a file with secrets."""

_OPEN_TO_ALL = 0o666


def write_whole(path: Path, content: Iterable[bytes], mode: int = _OPEN_TO_ALL) -> None:
    """Write a file in place of what is there; `mode` is that of the file, less the umask. Raises OSError."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            file.writelines(content)
        unfinished.replace(path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
