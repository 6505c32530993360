"""Folders for one user alone, taken up again only while they are that user's.

Root's files for an unprivileged user, out of whose reach the project is, lie in `/var/lib/queryport`, or in the folder
of QUERYPORT_STATE_DIR.
"""

import os
import pwd
import stat
import tempfile
from pathlib import Path

from queryport.postgres.account import Account, PostgresError

STATE_VARIABLE = "QUERYPORT_STATE_DIR"
_STATE_FOLDERS = ("/var/lib/queryport", "/var/tmp/queryport")  # noqa: S108 (the owner of what is there is checked)

_PASSABLE = 0o711
_FOREIGN_WRITE = stat.S_IWGRP | stat.S_IWOTH
_FOREIGN = stat.S_IRWXG | stat.S_IRWXO


def make_private(parent: Path, account: Account) -> Path:
    """Make a folder of an unforeseeable name that the account alone may enter, and root."""
    made = Path(tempfile.mkdtemp(prefix="queryport-", dir=parent))
    give(made, account)
    return made


def is_private(folder: Path, account: Account) -> bool:
    """Whether a folder is there, no link, the account's own, and closed to all others."""
    try:
        found = folder.lstat()
    except FileNotFoundError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == account.uid and not found.st_mode & _FOREIGN


def take_private(folder: Path, account: Account, marks: set[str]) -> None:
    """Make a folder, or close one that is there to all but this process's user and the account.

    One of root's is taken only if it is empty or has something called as in `marks`. Raises PostgresError for others.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        owner = os.fstat(descriptor).st_uid
        if owner not in (os.geteuid(), account.uid):
            raise PostgresError(
                f"{folder} belongs to {_name(owner)}: run the command as that user, "
                "or choose another folder with --data-dir"
            )
        names = set(os.listdir(descriptor))  # noqa: PTH208 (what is open, whatever has its name by now)
        if names and not account.is_ours and not names & marks:
            raise PostgresError(f"{folder} holds other files: choose another folder with --data-dir")
        os.fchmod(descriptor, 0o700)
    finally:
        os.close(descriptor)


def give(folder: Path, account: Account) -> None:
    """Give a folder of ours to the account, without following a link."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        if not account.is_ours:
            os.fchown(descriptor, account.uid, account.gid)
    finally:
        os.close(descriptor)


def state_folder() -> Path:
    """Root's own folder, which others may pass through. Raises PostgresError where there can be none."""
    named = os.environ.get(STATE_VARIABLE)
    refused: list[str] = []
    for folder in map(Path, [named] if named else _STATE_FOLDERS):
        try:
            if not folder.is_dir():
                folder.mkdir(parents=True, exist_ok=True)
                folder.chmod(_PASSABLE)
            found = folder.lstat()
        except OSError as error:
            refused.append(f"{folder} ({error.strerror})")
            continue
        if stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() and not found.st_mode & _FOREIGN_WRITE:
            return folder
        refused.append(f"{folder} (not a folder that only this user may write to)")
    raise PostgresError(
        "PostgreSQL's files need a folder that an unprivileged user can reach, and there is none: "
        f"{', '.join(refused)}; name one in {STATE_VARIABLE}"
    )


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"the user {uid}"
