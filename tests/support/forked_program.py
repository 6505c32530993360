"""A process that imports modules, and then makes a copy of itself for each program that is to run; see forks.py.

    forked_program.py FD MODULE...

The socket FD brings, for each program, a line of JSON (`module`, `arguments`, `folder`, `environment`) and descriptors:
its standard input, output and error, and a pipe into which its number is written when it begins, and its exit code when
it has ended. It runs as by `python -m` in that folder. Of the environment, what Python reads at its start is too late.
"""

import gc
import importlib
import json
import os
import runpy
import signal
import socket
import sys
from typing import Any


def _serve(asked: socket.socket) -> dict[str, Any] | None:
    """Wait for programs until the socket ends. Return in each of the copies, with what it is to run."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # a keeper that has ended is gone at once
    while True:
        message, descriptors, *_ = socket.recv_fds(asked, 1 << 16, 4)
        if not message:
            return None
        while not message.endswith(b"\n"):
            message += asked.recv(1 << 16)
        if os.fork() == 0:
            asked.close()
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            _keep(descriptors)
            wanted: dict[str, Any] = json.loads(message)
            return wanted
        for each in descriptors:
            os.close(each)


def _keep(descriptors: list[int]) -> None:
    """Return in a copy with these standard streams; tell of it, and end where it ends, in this process."""
    told = descriptors.pop()
    pid = os.fork()
    if pid == 0:
        os.close(told)
        for standard, each in enumerate(descriptors):
            os.dup2(each, standard)
            os.close(each)
        return
    for each in descriptors:
        os.close(each)
    os.write(told, f"{pid}\n".encode())
    _, status = os.waitpid(pid, 0)
    os.write(told, f"{os.waitstatus_to_exitcode(status)}\n".encode())
    os._exit(0)


def _run(wanted: dict[str, Any]) -> None:
    os.environ.clear()
    os.environ.update(wanted["environment"])
    os.chdir(wanted["folder"])
    sys.path.insert(0, wanted["folder"])
    sys.argv = [wanted["module"], *wanted["arguments"]]
    runpy.run_module(wanted["module"], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    for name in sys.argv[2:]:
        importlib.import_module(name)
    gc.freeze()
    if (given := _serve(socket.socket(fileno=int(sys.argv[1])))) is not None:
        _run(given)
