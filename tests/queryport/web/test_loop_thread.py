"""An event loop in a thread: it ends before the program does, however the program ends."""

import subprocess
import sys

import pytest

# The loop takes a moment to end, as one does that has sessions to close, and says so then.
_PROGRAM = """
import asyncio, atexit, os, signal, sys, threading
from queryport.web.loop_thread import LoopThread

signal.signal(signal.SIGINT, signal.default_int_handler)  # what a shell starts by `&` ignores it
atexit.register(print, "the program ends")
asked, running = threading.Event(), threading.Event()

async def main():
    running.set()
    while not asked.is_set():
        await asyncio.sleep(0.001)
    await asyncio.sleep(0.3)
    print("the loop ends")

def interrupt_soon():
    threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT)).start()

def interrupted(wait):
    interrupt_soon()
    try:
        wait()
    except KeyboardInterrupt:
        return
    sys.exit("it was not interrupted")

loop = LoopThread("loop", main, asked.set)
loop.start()
running.wait()
"""

_ENDS = {
    "stopped": "loop.stop()",
    "stopped by Ctrl-C": "interrupted(loop.wait); loop.stop()",
    "Ctrl-C while it stops": "interrupted(loop.stop)",
    "Ctrl-C twice": "interrupted(loop.wait); interrupted(loop.stop)",
    "Ctrl-C twice, and stopped": "interrupted(loop.wait); interrupted(loop.stop); loop.stop()",
    "forgotten": "",
    "failed": "sys.exit(0)",
    "forgotten behind a fork": """
child = os.fork()
if child == 0:
    loop.stop()  # it is the parent's: there is nothing to wait for
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
""",
    "a fork that ends as programs do": """
sys.stdout.flush()
child = os.fork()
if child == 0:
    sys.stdout = open(os.devnull, "w")
    sys.exit(0)
assert os.waitpid(child, 0)[1] == 0
""",
}


@pytest.mark.parametrize("end", _ENDS.values(), ids=_ENDS)
def test_the_loop_ends_before_the_program(end: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM + end], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == ["the loop ends", "the program ends"]
