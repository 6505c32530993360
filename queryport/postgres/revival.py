"""Keep an embedded PostgreSQL running: a server that died is started again while a command needs it."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from queryport.postgres.account import PostgresError
from queryport.postgres.server import EmbeddedPostgres

_INTERVAL_SECONDS = 0.5

_UNSEEN = "it cannot be told whether PostgreSQL runs ({}): that is tried again until it can"


@contextmanager
def kept_running(server: EmbeddedPostgres, report: Callable[[str], None]) -> Iterator[None]:
    """Look after a server for the length of a with block; `report` is told of each death, once.

    What a look fails by, say for want of a descriptor, is told once too, and the next look tries again.
    """
    over = threading.Event()

    def look_after() -> None:
        failed = False
        while not over.wait(_INTERVAL_SECONDS):
            try:
                if server.revive():
                    report("PostgreSQL had ended, and was started again")
                failed = False
            except (PostgresError, OSError) as error:
                if not failed:
                    report(str(error) if isinstance(error, PostgresError) else _UNSEEN.format(error))
                failed = True

    thread = threading.Thread(target=look_after, name="postgres-revival", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
