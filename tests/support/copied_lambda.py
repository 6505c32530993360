"""The local Lambda of many commands that run within the tests' own process: one start for all of their processes."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

from queryport.local import lambda_environments
from queryport.local.handler_log import HandlerLog


@contextmanager
def one_original(folder: Path) -> Iterator[None]:
    """Give each function a copy of one process that has the handler's dependencies imported, as `serve` does.

    A command that calls once starts a process for it, which takes a third of a second of a processor. Changes nothing
    on systems that copy no processes.
    """
    if sys.platform != "linux":
        yield
        return
    from queryport.local.lambda_copies import Copies

    class OfAll(Copies):
        def end(self) -> None:
            """Leave the original to the functions that follow."""

    copies = OfAll(HandlerLog(folder / "handler.log"))
    with patch.object(lambda_environments, "_processes", lambda *_, **__: copies):
        try:
            yield
        finally:
            Copies.end(copies)
