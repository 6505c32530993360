"""What the first worker makes and the others take over, for as long as the run's server is there."""

import fcntl
import pickle
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from queryport.postgres.server import EmbeddedPostgres

Made = TypeVar("Made")


@contextmanager
def one_at_a_time(server: EmbeddedPostgres, name: str) -> Iterator[None]:
    """Let one worker at a time into a with block of a name."""
    with (server.directory / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def once_a_run(server: EmbeddedPostgres, name: str, make: Callable[[], Made]) -> Made:
    """The value of a name, made by the first worker that asks for it; the others wait and read a pickled copy."""
    path = server.directory / f"{name}.pickle"
    with one_at_a_time(server, name):
        if path.exists():
            found: Made = pickle.loads(path.read_bytes())  # noqa: S301 (our own, of this run)
            return found
        made = make()
        path.write_bytes(pickle.dumps(made))
    return made
