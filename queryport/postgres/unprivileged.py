"""Runs a program as the user `nobody`: PostgreSQL refuses to run as root, and root is what containers and CI often are.

The project's folder may lie where only root can go (`/root`). Opening that path to everybody would be a heavier change
than the one wanted here, so on Linux the program keeps one right of root's, CAP_DAC_OVERRIDE, as an ambient capability.
Run as a script: `python unprivileged.py PROGRAM ARGUMENTS…` (as root only). Needs no user of its own to exist, since
minimal systems such as Amazon Linux's Lambda image cannot add one.
"""

import ctypes
import os
import pwd
import sys

USER = "nobody"

# linux/capability.h and linux/prctl.h
_CAP_DAC_OVERRIDE = 1
_CAPABILITY_VERSION_3 = 0x20080522
_PR_SET_KEEPCAPS = 8
_PR_CAP_AMBIENT = 47
_PR_CAP_AMBIENT_RAISE = 2


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _Sets(ctypes.Structure):
    _fields_ = (("effective", ctypes.c_uint32), ("permitted", ctypes.c_uint32), ("inheritable", ctypes.c_uint32))


def become_nobody() -> None:
    """Gives up root for `nobody`, keeping the right to pass file permissions where the system can.

    Where it cannot (not Linux, or a container without CAP_DAC_OVERRIDE) the paths must be open to `nobody` already, and
    the program that is started says so by itself.
    """
    account = pwd.getpwnam(USER)
    libc = ctypes.CDLL(None, use_errno=True)
    linux = sys.platform == "linux"
    if linux:
        libc.prctl(_PR_SET_KEEPCAPS, 1, 0, 0, 0)
    os.setgroups([])
    os.setgid(account.pw_gid)
    os.setuid(account.pw_uid)
    if linux:
        sets = (_Sets * 2)()
        sets[0].effective = sets[0].permitted = sets[0].inheritable = 1 << _CAP_DAC_OVERRIDE
        header = _Header(_CAPABILITY_VERSION_3, 0)
        if libc.capset(ctypes.byref(header), sets) == 0:
            libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, _CAP_DAC_OVERRIDE, 0, 0)


if __name__ == "__main__":
    become_nobody()
    os.execv(sys.argv[1], sys.argv[1:])  # noqa: S606 (the caller is postgres.py, with a program of the wheel's)
