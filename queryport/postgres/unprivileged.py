"""Replace this process by a program that root does not run: PostgreSQL refuses to be root's.

Run as a script, in an interpreter of its own:

    python -I -S unprivileged.py become UID GID PROGRAM ARGUMENTS…   root gives itself up for another user
    python -I -S unprivileged.py appear UID GID PROGRAM ARGUMENTS…   a user namespace shows this user as another

`become` needs the capabilities to change users. `appear` needs none, and is for users with no other way: root in a
container without capabilities, or a user whose number no account has. The program has its user's rights then, and sees
another number.

The program is left no capability of any set, and on Linux can gain none by a setuid program either. What PostgreSQL
starts (COPY … PROGRAM) inherits that.
"""

import ctypes
import os
import sys

# linux/capability.h, linux/prctl.h and linux/sched.h
_CAPABILITY_VERSION_3 = 0x20080522
_LAST_CAPABILITY = 63
_PR_CAPBSET_DROP = 24
_PR_SET_NO_NEW_PRIVS = 38
_PR_CAP_AMBIENT = 47
_PR_CAP_AMBIENT_CLEAR_ALL = 4
_CLONE_NEWUSER = 0x10000000

OVERFLOW = 65534
"""The number that a user namespace shows for a user who has none in it."""

CANNOT = 77
"""The exit code where the system does not allow it; standard error says why."""


class _CapabilityHeader(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _CapabilitySets(ctypes.Structure):
    _fields_ = (("effective", ctypes.c_uint32), ("permitted", ctypes.c_uint32), ("inheritable", ctypes.c_uint32))


def become(uid: int, gid: int) -> None:
    """Give up root for another user. Raises PermissionError without the capabilities for it."""
    libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None
    if libc is not None:
        _lower_bounds(libc)  # before the user changes, since the capability to do it goes with root
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)
    if libc is not None:
        _drop_capabilities(libc)


def appear(uid: int, gid: int) -> None:
    """Enter a user namespace in which this user has the number `uid`. Raises OSError where none may be made.

    Root gets no number there, since the kernel wants CAP_SETFCAP for it: it is shown as OVERFLOW, as all unknown ones.
    """
    here = os.geteuid(), os.getegid()
    libc = ctypes.CDLL(None, use_errno=True)
    if sys.platform != "linux" or libc.unshare(_CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "no user namespace may be made")
    if uid != OVERFLOW:
        _write("/proc/self/setgroups", "deny")
        _write("/proc/self/uid_map", f"{uid} {here[0]} 1")
        _write("/proc/self/gid_map", f"{gid} {here[1]} 1")
    _lower_bounds(libc)
    _drop_capabilities(libc)


def _write(path: str, text: str) -> None:
    with open(path, "w") as file:  # noqa: PTH123 (each program would wait twice as long with pathlib imported)
        file.write(text)


def _lower_bounds(libc: ctypes.CDLL) -> None:
    for capability in range(_LAST_CAPABILITY + 1):
        libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)


def _drop_capabilities(libc: ctypes.CDLL) -> None:
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
    header = _CapabilityHeader(_CAPABILITY_VERSION_3, 0)
    if libc.capset(ctypes.byref(header), (_CapabilitySets * 2)()) != 0:
        raise OSError(ctypes.get_errno(), "the capabilities could not be given up")


def main(way: str, uid: str, gid: str, *program: str) -> None:
    """Become another user and then the program. Raises SystemExit with the code CANNOT where that is not allowed."""
    try:
        {"become": become, "appear": appear}[way](int(uid), int(gid))
    except OSError as error:
        print(error.strerror, file=sys.stderr)
        raise SystemExit(CANNOT) from None
    os.execv(program[0], program)  # noqa: S606 (the caller is account.py, with a program of the wheel's or a shell)


if __name__ == "__main__":
    main(*sys.argv[1:])
