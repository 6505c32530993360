"""Segments of a token are read as PyJWT reads them, whatever they are, and the usual ones without its own reading."""

from base64 import b64encode, urlsafe_b64encode
from itertools import product

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jwt.api_jws import PyJWS

from handler.identity.decoder import _Segments, decoder

_SEGMENTS = {PyJWS: PyJWS._decode_base64url_segment, _Segments: _Segments._decode_base64url_segment}

canonical = st.binary(max_size=40).map(lambda decoded: urlsafe_b64encode(decoded).rstrip(b"="))
other_spellings = st.one_of(
    st.binary(max_size=40).map(urlsafe_b64encode),
    st.binary(max_size=40).map(b64encode),
    st.binary(max_size=12),
)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A good segment with a few bytes put in, in its place or at an end."""
    segment = draw(canonical)
    place = draw(st.integers(0, len(segment)))
    taken = draw(st.integers(0, 2))
    put = draw(st.sampled_from([b"", b"=", b"==", b"===", b"\n", b" ", b".", b"\x00", b"A", b"B", b"_", b"+", b"\xff"]))
    return segment[:place] + put + segment[place + taken :]


def _reading(reader: type[PyJWS], segment: bytes) -> tuple[str, bytes | str]:
    try:
        return "read", _SEGMENTS[reader](segment, "payload")
    except jwt.DecodeError as error:
        return "refused", str(error)


@given(st.one_of(canonical, other_spellings, damaged()))
def test_a_segment_is_read_or_refused_as_by_pyjwt(segment: bytes) -> None:
    assert _reading(_Segments, segment) == _reading(PyJWS, segment)


def test_every_short_segment_is_read_or_refused_as_by_pyjwt() -> None:
    for length in range(6):
        for characters in product(b"AQg_+=\n", repeat=length):
            segment = bytes(characters)
            assert _reading(_Segments, segment) == _reading(PyJWS, segment), segment


@given(canonical)
def test_the_usual_spelling_is_read_without_pyjwt_s_look_at_each_character(segment: bytes) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.delattr(PyJWS, "_decode_base64url_segment")
        assert _SEGMENTS[_Segments](segment, "payload") == _SEGMENTS[PyJWS](segment, "payload")


def test_tokens_are_decoded_by_it(monkeypatch: pytest.MonkeyPatch) -> None:
    claims = {"iss": "https://issuer.example", "aud": "shop", "exp": 4_000_000_000}
    key = "a secret of more than thirty-two bytes"
    token = jwt.encode(claims, key, "HS256")
    read: list[str] = []

    def reading(segment: bytes, name: str) -> bytes:
        read.append(name)
        return _SEGMENTS[_Segments](segment, name)

    monkeypatch.setattr(_Segments, "_decode_base64url_segment", staticmethod(reading))
    decoded = decoder().decode(token, key, algorithms=["HS256"], audience="shop", issuer="https://issuer.example")
    assert (decoded, read) == (claims, ["header", "payload", "crypto"])
