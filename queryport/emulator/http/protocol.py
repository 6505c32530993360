"""The HTTP protocol of the emulator's connections: the usual one, which answers the plain requests of SDKs by itself.

A plain request is a POST to one of the five paths, on a connection that stays open, from no web page. ASGI's scope and
messages would cost it as much as its statement does. Every other request goes uvicorn's way, to the application.
"""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

from queryport.emulator.calls.served import ConnectionDropped
from queryport.emulator.http.operations import OperationReply, ServedOperation
from queryport.web.pages import Pages
from queryport.web.persistent_http import PersistentHttp

CYCLE = "queryport.cycle"
"""The extension of a scope that holds uvicorn's own account of the request, as `cycle`."""


class HttpProtocol(PersistentHttp):
    """One connection."""

    def __init__(self, operations: Mapping[bytes, ServedOperation], pages: Pages, **of_uvicorn: Any) -> None:
        super().__init__(**of_uvicorn)
        self._operations = operations
        self._pages = pages
        self._operation: ServedOperation | None = None
        self._headers: dict[bytes, bytes] = {}
        self._body = bytearray()
        self._own_cycle: RequestResponseCycle | None = None
        self._task: asyncio.Task[None] | None = None
        self._is_receiving = False
        self._rests_since = 0.0
        self._rest_ends: asyncio.TimerHandle | None = None
        self._default_headers: object = None
        self._default_lines = b""

    @property
    def is_at_work(self) -> bool:
        """Whether a request is under way."""
        return self.cycle is not None and not self.cycle.response_complete

    def connection_lost(self, exc: Exception | None) -> None:
        if self._rest_ends is not None:
            self._rest_ends.cancel()
        self._own_cycle, self._body = None, bytearray()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        self._is_receiving = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        operation = self._operations.get(self.url)
        if operation is not None and self._is_plain(headers := dict(self.headers)):
            self.is_in_head = False
            self._operation, self._headers, self._body = operation, headers, bytearray()
            self.cycle = self._begun()
            return
        self._operation = None
        self.scope["extensions"] = {CYCLE: (own := {})}
        super().on_headers_complete()
        own["cycle"] = self.cycle

    def on_body(self, body: bytes) -> None:
        if self._operation is None:
            super().on_body(body)
        elif len(self._body) <= self._operation.request_bytes:  # what is longer is refused, whatever follows
            self._body += body

    def on_message_complete(self) -> None:
        self._is_receiving = False
        if self._operation is None:
            super().on_message_complete()
        else:
            responding = self._respond(self.cycle, self._operation, self._headers, self._body)
            self._headers, self._body = {}, bytearray()  # which a connection that rests would keep
            self._task = self.loop.create_task(responding)

    def _is_plain(self, headers: dict[bytes, bytes]) -> bool:
        return (
            not self.is_at_work  # on what came before it
            and self.parser.get_method() == b"POST"
            and self.parser.get_http_version() == "1.1"
            and self.parser.should_keep_alive()
            and not self.parser.should_upgrade()
            and not self.expect_100_continue
            and b"origin" not in headers
            and self._pages.refusal(self.headers) is None
        )

    def _begun(self) -> RequestResponseCycle:
        """uvicorn's own account of what is under way, by which it makes requests wait and ends connections."""
        if self._own_cycle is None:
            self._own_cycle = RequestResponseCycle(
                scope=self.scope,
                transport=self.transport,
                flow=self.flow,
                logger=self.logger,
                access_logger=self.access_logger,
                access_log=False,
                default_headers=[],
                message_event=asyncio.Event(),
                expect_100_continue=False,
                keep_alive=True,
                on_response=self.on_response_complete,
            )
        self._own_cycle.response_complete = False
        return self._own_cycle

    async def _respond(
        self, cycle: RequestResponseCycle, operation: ServedOperation, headers: Mapping[bytes, bytes], body: bytearray
    ) -> None:
        try:
            reply = await operation.reply(headers, b"", body)
            if self.flow.write_paused:
                await self.flow.drain()
            if not self.transport.is_closing():
                self._write(reply)
            cycle.response_complete = True
        except ConnectionDropped:
            pass
        finally:
            if not cycle.response_complete:  # nor may a client wait for ever where a bug kept the reply
                self.transport.abort()
        if cycle.response_complete:
            if cycle.keep_alive and not self.pipeline and not self.transport.is_closing():
                self._rest()
            else:
                if not cycle.keep_alive:
                    self.transport.close()
                self.on_response_complete()

    def _rest(self) -> None:
        """Wait for the next request as long as uvicorn does, with one timer for many: one each costs a tenth."""
        self.flow.resume_reading()
        self._rests_since = self.loop.time()
        if self._rest_ends is None:
            self._rest_ends = self.loop.call_later(self.timeout_keep_alive, self._close_if_resting)

    def _close_if_resting(self) -> None:
        self._rest_ends = None
        if self._is_receiving or self.is_at_work or self.timeout_keep_alive_task is not None:
            return  # another way's request is what the connection rests from, if it does
        seconds = self._rests_since + self.timeout_keep_alive - self.loop.time()
        if seconds > 0:
            self._rest_ends = self.loop.call_later(seconds, self._close_if_resting)
        else:
            self.timeout_keep_alive_handler()

    def _write(self, reply: OperationReply) -> None:
        """Write head and body in one piece: by themselves they are two system calls, and wake the client twice."""
        if self.server_state.default_headers is not self._default_headers:  # uvicorn makes them anew each second
            self._default_headers = self.server_state.default_headers
            self._default_lines = _lines(self.server_state.default_headers)
        head = (STATUS_LINE[reply.status], self._default_lines, _lines(reply.headers), b"\r\n")
        self.transport.write(b"".join((*head, reply.body)))


def _lines(headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    return b"".join([b"%b: %b\r\n" % header for header in headers])
