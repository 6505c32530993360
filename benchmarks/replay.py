"""A local Data API that answers every request at once with one recorded response, in a process of its own.

So fast and so constant that what is measured is the client; both sides of a comparison get one, each with the response
that AWS would send to it.
"""

import asyncio
import subprocess
import sys
from pathlib import Path
from typing import Self


class Replay:
    """Answers `body` on `url` until it is closed."""

    def __init__(self, body: bytes, directory: Path) -> None:
        recording = directory / f"{id(self)}.json"
        recording.write_bytes(body)
        self._process = subprocess.Popen(
            [sys.executable, __file__, str(recording)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        self.url = f"http://127.0.0.1:{int(self._process.stdout.readline())}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()  # closing its standard input ends it


class _Connection(asyncio.Protocol):
    def __init__(self, response: bytes) -> None:
        self._response = response
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self._transport = transport

    def data_received(self, received: bytes) -> None:
        self._received += received
        head, end, body = self._received.partition(b"\r\n\r\n")
        length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
        if end and len(body) >= int(length or 0):
            self._received = b""
            self._transport.write(self._response)


async def _serve(recording: Path) -> None:
    body = recording.read_bytes()
    head = (
        "HTTP/1.1 200 OK\r\nx-amzn-RequestId: 2f5b6f0e-6c5a-4f6e-9a55-3a7d3b1f8c11\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\nDate: Mon, 23 Nov 2026 12:00:00 GMT\r\n\r\n"
    )
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Connection(head.encode() + body), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


if __name__ == "__main__":
    asyncio.run(_serve(Path(sys.argv[1])))
