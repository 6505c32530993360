"""Pauses Python's collector of cycles while many lasting objects are made, all of which it would look through.

The command line pauses it for its commands as a whole; one that makes garbage, since it goes on or has much to do,
resumes it.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collector_paused() -> Iterator[None]:
    """Pause the collector for a with block, unless it is off anyway."""
    paused = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if paused:
            gc.enable()


@contextmanager
def collector_resumed() -> Iterator[None]:
    """Let the collector run for a with block within one that pauses it, and look at nothing of before."""
    if gc.isenabled():
        yield
        return
    gc.freeze()
    gc.enable()
    try:
        yield
    finally:
        gc.disable()
