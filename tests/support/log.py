"""What the function of the tests' own process logs."""

import io
import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from logging.handlers import BufferingHandler

from handler.observability import DEFAULT_SERVICE


@contextmanager
def kept_log() -> Iterator[io.StringIO]:
    """Keep the lines that are logged meanwhile.

    A logger writes to the `sys.stdout` that it met first, which is not the one that pytest captures for a later test.
    """
    kept = io.StringIO()
    handlers = [each for each in logging.getLogger(DEFAULT_SERVICE).handlers if isinstance(each, logging.StreamHandler)]
    assert handlers, "no function has begun yet"
    with ExitStack() as streams:
        for handler in handlers:
            streams.callback(handler.setStream, handler.setStream(kept))
        yield kept


@contextmanager
def kept_warnings() -> Iterator[list[logging.LogRecord]]:
    """Keep the warnings and errors of all loggers meanwhile."""
    handler, root = BufferingHandler(capacity=1_000), logging.getLogger()
    handler.setLevel(logging.WARNING)
    root.addHandler(handler)
    try:
        yield handler.buffer
    finally:
        root.removeHandler(handler)
