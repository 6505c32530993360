"""Tells the page `GET /docs` of every save, by server-sent events. Only `queryport serve` has this; no function does.

An event carries a number, which rises with each change, and what does not compile at the moment. A page that connects
gets the latest at once.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence

import orjson
from starlette.responses import StreamingResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from queryport.generate.docs_page import CHANGES

_SECONDS_BETWEEN_SIGNS = 15
"""The time after which a silent connection gets a comment, by which a closed page is noticed."""


class Changes:
    """An ASGI application before another one, which gets all other requests."""

    def __init__(self, application: ASGIApp) -> None:
        self._application = application
        self._event = _event(0, ())
        self._number = 0
        self._told = asyncio.Condition()
        self._closed = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] == "GET" and scope["path"] == f"/{CHANGES}":
            headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
            response = StreamingResponse(self._events(), media_type="text/event-stream", headers=headers)
            await response(scope, receive, send)
        else:
            await self._application(scope, receive, send)

    async def announce(self, problems: Sequence[str]) -> None:
        """Tell all pages that there is new data, and what does not compile."""
        async with self._told:
            self._number += 1
            self._event = _event(self._number, problems)
            self._told.notify_all()

    async def close(self) -> None:
        """End all connections."""
        async with self._told:
            self._closed = True
            self._told.notify_all()

    async def _events(self) -> AsyncIterator[bytes]:
        sent = -1
        while True:
            try:
                async with asyncio.timeout(_SECONDS_BETWEEN_SIGNS), self._told:
                    await self._told.wait_for(lambda: self._closed or self._number != sent)  # noqa: B023 (ends first)
            except TimeoutError:
                yield b": still here\n\n"
                continue
            if self._closed:
                return
            sent = self._number
            yield self._event


def _event(number: int, problems: Sequence[str]) -> bytes:
    return b"data: " + orjson.dumps({"number": number, "problems": list(problems)}) + b"\n\n"
