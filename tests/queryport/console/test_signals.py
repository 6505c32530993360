"""Signals that end a command, while some of it must not be left half done."""

import subprocess
import sys

_PROGRAM = """
import os, signal, threading
from queryport.console import signals

signals.install()
within, done = threading.Event(), threading.Event()

def hold():
    with signals.held_back():
        within.set()
        done.wait()
    print("the thread went on")

thread = threading.Thread(target=hold)
thread.start()
within.wait()
try:
    {interrupted}
except KeyboardInterrupt:
    print("interrupted")
done.set()
thread.join()
"""

_HELD = """
    with signals.held_back():
        os.kill(os.getpid(), signal.SIGINT)
        print("held")
"""


def _said(interrupted: str) -> list[str]:
    command = [sys.executable, "-c", _PROGRAM.format(interrupted=interrupted)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


def test_what_a_thread_holds_does_not_hold_the_program() -> None:
    assert _said("os.kill(os.getpid(), signal.SIGINT); done.wait(30)") == ["interrupted", "the thread went on"]


def test_what_the_program_holds_is_ended_first() -> None:
    assert _said(_HELD.strip()) == ["held", "interrupted", "the thread went on"]
