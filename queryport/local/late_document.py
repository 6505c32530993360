"""Writes the OpenAPI document of a version of the function when it is first asked for, and not at every save.

The document is made of all operations at once, which takes seconds for thousands of them. Only `queryport serve` puts
it off; a build writes it with its catalogue.
"""

import asyncio
from collections.abc import Callable
from urllib.parse import unquote

from queryport.console.failure import CommandError
from queryport.local.lambda_environment import InvocationResult, LambdaEvent, error

_PATH = "openapi.json"


class LateDocument:
    """The step before a version's environments handle an event; see `Prepare`."""

    def __init__(self, write: Callable[[], None]) -> None:
        """Take what writes the document where the version looks for it; it may raise OSError and CommandError."""
        self._write = write
        self._is_written = False
        self._lock = asyncio.Lock()

    async def __call__(self, event: LambdaEvent) -> InvocationResult | None:
        """Have the document written if the event asks for it; return the outcome of a call where that fails."""
        if self._is_written or not _asks_for_document(event):
            return None
        async with self._lock:
            if not self._is_written:
                try:
                    await asyncio.to_thread(self._write)
                except (OSError, CommandError) as failure:
                    return error("Sandbox.NoDocument", f"the OpenAPI document cannot be written: {failure}")
                self._is_written = True
        return None


def _asks_for_document(event: LambdaEvent) -> bool:
    """Whether the handler would answer an event with the document, or might."""
    content = event.content
    path = content.get("rawPath") if isinstance(content, dict) else None
    # The handler takes the first character for the slash, whatever it is.
    return isinstance(path, str) and unquote(path[1:]) == _PATH
