"""The five operations of the service model as HTTP reaches them: from a request's headers and body to its reply.

Checks that the request is signed and not too long. Knows neither how it came nor SQL.
"""

import itertools
import random
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from queryport.emulator.calls.served import ServedCalls
from queryport.emulator.errors import ApiError
from queryport.emulator.http.signature import signed_region

PATHS = {
    "/Execute": "ExecuteStatement",
    "/BatchExecute": "BatchExecuteStatement",
    "/BeginTransaction": "BeginTransaction",
    "/CommitTransaction": "CommitTransaction",
    "/RollbackTransaction": "RollbackTransaction",
}

# Of a random UUID but for the last digits, since every answer has one.
_REQUEST = b"%08x-%04x-4%03x-a%03x-" % tuple(random.getrandbits(bits) for bits in (32, 16, 12, 12))
_NUMBERS = itertools.count(random.getrandbits(47))


class OperationReply(NamedTuple):
    """An answer's status, headers and body."""

    status: int
    headers: Sequence[tuple[bytes, bytes]]
    body: bytes


class ServedOperation:
    """One operation."""

    def __init__(self, calls: ServedCalls, name: str, request_bytes: int) -> None:
        self._calls = calls
        self._name = name
        self.request_bytes = request_bytes
        """The longest request, headers included."""

    async def reply(self, headers: Mapping[bytes, bytes], query: bytes, body: bytes | bytearray) -> OperationReply:
        """Answer a request; names of headers are in lower case. Raises ConnectionDropped where a fault asks for it."""
        try:
            if len(body) + sum(map(len, headers)) + sum(map(len, headers.values())) > self.request_bytes:
                raise ApiError("RequestEntityTooLargeException")
            region = signed_region(headers, query)
            trace = headers.get(b"x-amzn-trace-id")
            answer = await self._calls.answer(
                self._name, body, region, None if trace is None else trace.decode("latin-1")
            )
        except ApiError as error:
            return refusal(error)
        return OperationReply(200, _headers(answer), answer)


def refusal(error: ApiError) -> OperationReply:
    """The reply that tells an error."""
    body = error.body
    return OperationReply(error.status, (*_headers(body), (b"x-amzn-ErrorType", error.error_type.encode())), body)


def _headers(body: bytes) -> tuple[tuple[bytes, bytes], ...]:
    return (
        (b"x-amzn-RequestId", b"%b%012x" % (_REQUEST, next(_NUMBERS))),
        (b"content-type", b"application/json"),
        (b"content-length", b"%d" % len(body)),
    )
