"""Qualities of Accept and Accept-Encoding, by RFC 9110, sections 12.5.1 and 12.5.3."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handler.http.negotiation import acceptable, covers, encodings

_JSON, _NDJSON, _CSV = "application/json", "application/x-ndjson", "text/csv"
_ALL = (_JSON, _NDJSON, _CSV)


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        ("*/*", _JSON),
        ("", _JSON),
        (" , ,", _JSON),
        ("text/csv", _CSV),
        ("TEXT/CSV", _CSV),
        ("text/*", _CSV),
        ("application/*", _JSON),
        ("text/csv, application/json", _JSON),
        ("text/csv, application/json;q=0.9", _CSV),
        ("text/csv;q=0.5, application/json;q=0.4", _CSV),
        ("text/csv ; header=present ; q=0.5, */* ; q=0.1", _CSV),
        ('text/csv;charset="a,b";q=1, application/json;q=0.2', _CSV),
        ("text/html, application/xhtml+xml, application/xml;q=0.9, */*;q=0.8", _JSON),
        ("application/json;q=0, */*", _NDJSON),
        ("application/*;q=0, */*;q=0.1", _CSV),
        ("application/*;q=0.1, application/x-ndjson;q=0.9", _NDJSON),
        ("text/html", None),
        ("application/json;q=0", None),
        ("*/*;q=0", None),
        ("text/csv;q=0.0000, text/csv;q=2", _CSV),
        ("json", None),
        ("*", None),
    ],
)
def test_the_best_that_there_is(accept: str, chosen: str | None) -> None:
    assert acceptable(accept, _ALL) == chosen


@pytest.mark.parametrize(
    ("accept_encoding", "gzip", "plain"),
    [
        ("", False, True),
        ("gzip", True, True),
        ("x-gzip", True, True),
        ("GZIP", True, True),
        ("gzip, deflate, br, zstd", True, True),
        ("deflate, br", False, True),
        ("gzip;q=0", False, True),
        ("gzip;q=0.000", False, True),
        ("gzip;q=0.001", True, True),
        ("*", True, True),
        ("*;q=0", False, False),
        ("*;q=0, gzip", True, False),
        ("*;q=0, identity;q=0.5", False, True),
        ("identity;q=0", False, False),
        ("identity;q=0, gzip;q=0.1", True, False),
        ("identity;q=0, *", True, False),
        ("gzip;q=0.5, identity;q=0.8", False, True),
        ("gzip;q=0.8, identity;q=0.5", True, True),
        ("gzip;q=0, *;q=1", False, True),
        ("br;q=1.0, gzip;q=0.8, *;q=0.1", True, True),
    ],
)
def test_the_encodings_that_a_caller_takes(accept_encoding: str, gzip: bool, plain: bool) -> None:  # noqa: FBT001
    assert encodings(accept_encoding) == (gzip, plain)


@given(st.text())
def test_no_header_is_too_strange(header: str) -> None:
    assert acceptable(header, _ALL) in (*_ALL, None)
    assert all(isinstance(each, bool) for each in encodings(header))


@pytest.mark.parametrize(
    ("ranges", "media_type", "expected"),
    [
        (("*/*",), "image/png", True),
        (("image/*",), "image/png", True),
        (("image/png", "text/plain"), "text/plain", True),
        (("image/*",), "imagex/png", False),
        ((), "image/png", False),
    ],
)
def test_types_that_stand_for_many(ranges: tuple[str, ...], media_type: str, expected: bool) -> None:  # noqa: FBT001
    assert covers(ranges, media_type) is expected


@pytest.mark.parametrize("piece", ['"', '\\"', '"\\"\\\\', "; q = 0", "a;q=1 ", ',"'])
def test_a_header_of_one_piece_takes_time_in_proportion(piece: str) -> None:
    assert acceptable(piece * 10_000, _ALL) in (*_ALL, None)  # to go back from each quotation mark would take minutes


def test_what_stands_behind_an_open_quotation_mark_is_no_type() -> None:
    assert acceptable('application/json;x="a, text/csv', _ALL) == _JSON
