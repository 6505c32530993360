"""PyJWT, which verifies all tokens, with a quicker reading of their three segments. Imported with the first token."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from contextlib import suppress

from jwt import PyJWT
from jwt.api_jws import PyJWS


class _Segments(PyJWS):
    """Reads a segment that is the base64url of its bytes; any other is left to PyJWS.

    PyJWS holds each character against the alphabet by itself, which takes a twentieth of a call. What encodes back to
    itself has no other characters, and PyJWS would read it as the same bytes. The method is not a public one: in a
    PyJWT without it this one is never called.
    """

    @staticmethod
    def _decode_base64url_segment(segment: bytes, name: str) -> bytes:
        with suppress(ValueError):  # of a length that no base64 has
            decoded = urlsafe_b64decode(segment + b"==")
            if urlsafe_b64encode(decoded).rstrip(b"=") == segment:
                return decoded
        return PyJWS._decode_base64url_segment(segment, name)


def decoder() -> PyJWT:
    """Make the one that verifies all tokens; jwt.decode makes a new one for each."""
    made = PyJWT({"require": ["exp", "iss", "aud"]})
    made._jws = _Segments()
    return made
