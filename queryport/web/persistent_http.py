"""The HTTP protocol of the servers on the developer's machine: uvicorn's, which stays with HTTP/1.1.

A client may propose another protocol by `Upgrade`, as Java's does and `curl --http2`, and a server may go on as if it
had not (RFC 9110, section 7.8). The parser then leaves the request's body for whoever speaks the other protocol.
"""

from typing import TYPE_CHECKING

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

if TYPE_CHECKING:
    from uvicorn._types import ASGI3Application

_OF_UPGRADES = (b"upgrade", b"http2-settings")

LARGEST_HEAD_BYTES = 4 << 20
"""The length of a request's head from which it is read no further."""


class PersistentHttp(HttpToolsProtocol):
    """One connection."""

    parser: "_Parser"
    is_in_head = False
    """True from a request's beginning until its head is whole."""
    _under_way: RequestResponseCycle | None = None

    def connection_made(self, transport: object) -> None:
        self.parser = _Parser(self)
        super().connection_made(transport)  # type: ignore[arg-type]  # what the loop gives

    def connection_lost(self, exc: Exception | None) -> None:
        # uvicorn tells the newest request alone, which may still wait for this one.
        if self._under_way is not None:
            self._under_way.disconnected = True
            self._under_way.message_event.set()
        super().connection_lost(exc)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: "ASGI3Application") -> None:
        self._under_way = cycle
        super()._start_asgi_task(cycle, app)

    def on_message_begin(self) -> None:
        self.is_in_head = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self.is_in_head = False
        if not self.parser.should_upgrade():
            super().on_headers_complete()

    def on_message_complete(self) -> None:
        if not self.parser.should_upgrade():
            super().on_message_complete()

    def head_without_upgrade(self) -> bytes:
        """Write the head of the present request anew, without what proposes another protocol."""
        lines = [b"%b %b HTTP/%b" % (self.parser.get_method(), self.url, self.parser.get_http_version().encode())]
        for name, value in self.headers:
            if name == b"connection":
                value = b", ".join(
                    token for token in map(bytes.strip, value.split(b",")) if token.lower() not in _OF_UPGRADES
                )
            if name not in _OF_UPGRADES and (name != b"connection" or value):
                lines.append(b"%b: %b" % (name, value))
        return b"\r\n".join([*lines, b"", b""])


class _Parser(httptools.HttpRequestParser):
    """The parser of a connection, which reads a request that proposes another protocol as one that does not."""

    def __init__(self, protocol: PersistentHttp) -> None:
        super().__init__(protocol)
        self._protocol = protocol
        self._head_bytes = 0
        self.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn has it

    def feed_data(self, data: bytes) -> None:  # type: ignore[override]  # uvicorn feeds nothing else
        try:
            super().feed_data(data)
        except httptools.HttpParserUpgrade as proposal:
            if self.get_method() == b"CONNECT":  # which is for a proxy
                raise httptools.HttpParserError("CONNECT") from proposal
            head = self._protocol.head_without_upgrade()
            self._protocol.parser = _Parser(self._protocol)  # to this one the request is over
            self._protocol.parser.feed_data(head + data[proposal.args[0] :])
        if not self._protocol.is_in_head:
            self._head_bytes = 0
            return
        self._head_bytes += len(data)
        if self._head_bytes > LARGEST_HEAD_BYTES:
            raise httptools.HttpParserError("the head is too long")
