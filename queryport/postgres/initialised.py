"""Data directories as initdb makes them, without initdb: it takes a second, and to unpack what it made a tenth of one.

Servers that are not durable, which tests make run after run, keep the first directory of a version of PostgreSQL as one
file, which is whole or not there, in a folder that its user alone may write to. New directories are unpacked from it;
where there is none, or something is amiss with it, initdb makes them.
"""

import os
import shutil
import stat
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

from queryport.postgres.account import Account, PostgresError
from queryport.postgres.folders import STATE_VARIABLE, state_folder
from queryport.postgres.programs import Programs, version_digest

_INITDB = (
    *("-U", "postgres", "--auth=peer", "--encoding=UTF8", "--no-sync"),
    # One collation on every machine, whatever locales it has.
    *("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
)

# The account's own tar, for a link may stand in a file's place in its folder.
_UNPACK = 'umask 077; mkdir "$1" && tar -xf - -C "$1" && test -s "$1/global/pg_control"'


def make_data(directory: Path, programs: Programs, account: Account, *, keep: bool) -> None:
    """Make a data directory where nothing is, and keep it for the next ones if so told. Raises PostgresError."""
    kept = _kept_file(account)
    if kept is not None and _unpack(kept, directory, account):
        return
    shutil.rmtree(directory, ignore_errors=True)
    made = account.run(programs.path("initdb"), "-D", str(directory), *_INITDB)
    if made.returncode != 0:
        raise PostgresError(f"initdb failed with exit code {made.returncode}:\n{made.stderr.strip()}")
    if keep and kept is not None:
        with suppress(OSError):  # a full disk, or a home that is read only: the next directory takes as long
            _keep(directory, kept, account)


def _kept_file(account: Account) -> Path | None:
    """Where the directory is kept, under a name of the wheel's files, of what initdb is told, and of whose it was."""
    try:
        folder = state_folder() if os.geteuid() == 0 or STATE_VARIABLE in os.environ else _cache_folder()
    except (PostgresError, RuntimeError):  # none that is ours alone; no home
        return None
    return folder / f"initdb-{version_digest(' '.join(_INITDB).encode())}-{account.uid}.tar"


def _cache_folder() -> Path:
    named = os.environ.get("XDG_CACHE_HOME", "")
    if os.path.isabs(named):  # noqa: PTH117 (others are to be ignored, says the specification)
        return Path(named) / "queryport"
    return Path.home() / ("Library/Caches" if sys.platform == "darwin" else ".cache") / "queryport"


def _unpack(kept: Path, directory: Path, account: Account) -> bool:
    """Whether the directory could be made of what is kept."""
    try:
        descriptor = os.open(kept, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:  # not kept yet
        return False
    with open(descriptor, "rb") as archive:  # noqa: PTH123 (a descriptor)
        found = os.fstat(descriptor)
        ours = stat.S_ISREG(found.st_mode) and found.st_uid == os.geteuid() and not found.st_mode & 0o022
        if ours and account.run("/bin/sh", "-c", _UNPACK, "sh", str(directory), stdin=archive).returncode == 0:
            return True
    with suppress(OSError):
        kept.unlink()  # nobody's use, and in the way of a better one
    return False


def _keep(directory: Path, kept: Path, account: Account) -> None:
    kept.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix="initdb-", dir=kept.parent)
    try:
        with open(descriptor, "wb") as archive:  # noqa: PTH123 (a descriptor)
            packed = account.run("/bin/sh", "-c", 'tar -cf - -C "$1" .', "sh", str(directory), stdout=archive)
            os.fsync(descriptor)  # a name without its content would outlive a machine that stops
        if packed.returncode == 0:
            others = set(kept.parent.glob(f"initdb-*-{account.uid}.tar"))
            Path(name).replace(kept)
            for other in others - {kept}:
                other.unlink(missing_ok=True)  # another version's, which makes its own again if it is still in use
    finally:
        Path(name).unlink(missing_ok=True)
