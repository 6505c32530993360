"""The content coding gzip (RFC 9110, section 8.4.1.3), the only one that is offered.

A compressed answer is bytes, which travel in base64 within Lambda's answer. The limit then counts four characters for
three compressed bytes, mostly far less than the answer's text.
"""

from handler.contract.errors import NotAcceptable

SMALLEST = 1400
"""The size from which compressing saves a packet on the way."""

LEVEL = 4
"""Of zlib's levels: a twentieth larger than by the default, in two thirds of its time."""

_GZIP_FORMAT = 31
"""zlib's name for gzip's own header and the largest window; the time in the header is zero."""


def check_encodings(accept_encoding: str | None) -> None:
    """Raise NotAcceptable for a request that takes an answer neither as it is nor as gzip."""
    if accept_encoding is not None and _encodings(accept_encoding) == (False, False):
        raise NotAcceptable("the operation answers in the encodings identity and gzip")


def takes_gzip(accept_encoding: str | None, size: int, *, is_compressible: bool) -> bool:
    """Whether an answer of `size` bytes, or characters, is sent compressed."""
    if accept_encoding is None:
        return False
    gzip, plain = _encodings(accept_encoding)
    return gzip and (not plain or (is_compressible and size >= SMALLEST))


def _encodings(accept_encoding: str) -> tuple[bool, bool]:
    from handler.http.negotiation import encodings  # a start need not compile its patterns

    return encodings(accept_encoding)


def compress(body: bytes) -> bytes:
    """Return the body as gzip; the same body always gives the same bytes."""
    import zlib  # the first large answer needs it, and not the start

    return zlib.compress(body, LEVEL, wbits=_GZIP_FORMAT)
