"""An HTTP request out of an event: what was encoded is decoded, and what cannot be is told."""

import base64
from typing import Any

import pytest

from handler.contract.errors import InvalidParameters, OperationError, RequestTooLarge, UnsupportedMediaType
from handler.http.request import LARGEST_BODY, HttpRequest
from tests.support.function import function_url_event

JSON = {"content-type": "application/json"}


def _request(
    path: str = "/", *, query: str = "", body: str | None = None, headers: Any = JSON, is_base64: bool = False
) -> HttpRequest:
    return HttpRequest.of(function_url_event("POST", path, query, body, headers, is_base64=is_base64))


@pytest.mark.parametrize(
    ("path", "segments"),
    [
        ("/", [""]),
        ("/a/b", ["a", "b"]),
        ("/a%2Fb/c%20d/%C3%A9+", ["a/b", "c d", "é+"]),
        ("/a/", ["a", ""]),
        ("/100%/%zz", ["100%", "%zz"]),
    ],
)
def test_the_path_is_decoded_by_segment(path: str, segments: list[str]) -> None:
    assert _request(path).segments == segments


@pytest.mark.parametrize(
    ("query", "parameters"),
    [
        ("", {}),
        ("a=1&b=x%20y&a=2", {"a": ["1", "2"], "b": ["x%20y"]}),
        ("a=1,2%2C3", {"a": ["1,2%2C3"]}),
        ("a&b=&&=c", {"a": [""], "b": [""], "": ["c"]}),
        ("%61%2B=x+y&a+b=1=2", {"a+": ["x+y"], "a b": ["1=2"]}),
    ],
)
def test_the_query_string_is_taken_apart(query: str, parameters: dict[str, list[str]]) -> None:
    assert _request(query=query).query == parameters


@pytest.mark.parametrize(
    ("prefer", "rolls_back"),
    [
        (None, False),
        ("tx=rollback", True),
        ("TX = rollback", True),
        ('respond-async, tx="rollback"; foo="a,b;c"', True),
        ('foo="tx=rollback"', False),
        ('foo="a, tx=rollback", tx=commit', False),
        ('foo="a\\", tx=rollback"', False),
        ("tx=commit, tx=rollback", False),
        ("tx", False),
        ("tx=rollbacks", False),
        ("count=exact", False),
    ],
)
def test_the_preference_to_roll_back_is_read(prefer: str | None, *, rolls_back: bool) -> None:
    assert _request(headers={} if prefer is None else {"prefer": prefer}).rolls_back is rolls_back


@pytest.mark.parametrize(("path", "query"), [("/%ff", ""), ("/", "%ff=1")])
def test_what_is_not_utf_8_is_told(path: str, query: str) -> None:
    with pytest.raises(InvalidParameters, match="is not UTF-8"):
        _request(path, query=query)


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "Application/JSON; charset=UTF-8",
        'application/json; charset="utf-8"; version=1',
        "application/vnd.api+json",
    ],
)
def test_a_json_object_is_taken(content_type: str) -> None:
    assert _request(body='{"a": 1}', headers={"content-type": content_type}).json_object() == {"a": 1}


def test_no_body_is_an_empty_object_whatever_its_type() -> None:
    assert _request(headers={}).json_object() == {}


def test_a_body_in_base64_is_decoded() -> None:
    body = base64.b64encode('{"é": "😀"}'.encode()).decode()
    assert _request(body=body, is_base64=True).json_object() == {"é": "😀"}


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"content-type": "text/plain"},
        {"content-type": "application/x-www-form-urlencoded"},
        {"content-type": "application/jsonp"},
        {"content-type": "application/json; charset=iso-8859-1"},
        {**JSON, "content-encoding": "gzip"},
    ],
)
def test_another_media_type_is_refused(headers: dict[str, str]) -> None:
    with pytest.raises(UnsupportedMediaType):
        _request(body="{}", headers=headers).json_object()


@pytest.mark.parametrize(
    ("body", "is_base64", "error", "message"),
    [
        ("{", False, InvalidParameters, "the body is not JSON at line 1, column 2"),
        ("[1]", False, InvalidParameters, "the body must be a JSON object of parameters"),
        ("null", False, InvalidParameters, "the body must be a JSON object of parameters"),
        ('{"a": NaN}', False, InvalidParameters, "the body has NaN or Infinity, which are not JSON"),
        ("[" * 100_000, False, InvalidParameters, "the body is nested too deeply"),
        ("not base64", True, InvalidParameters, "the body is not base64"),
        ("/w==", True, InvalidParameters, "the body is not UTF-8"),
        (" " * LARGEST_BODY + "{}", False, RequestTooLarge, "the body must not be larger than 4194304 bytes"),
    ],
    ids=lambda value: value[:10] if isinstance(value, str) else None,
)
def test_a_body_that_cannot_be_taken_is_told(
    body: str, *, is_base64: bool, error: type[OperationError], message: str
) -> None:
    with pytest.raises(error, match=message):
        _request(body=body, is_base64=is_base64).json_object()


@pytest.mark.parametrize("body", [None, "", "{}", "7", "null"])
def test_a_batch_takes_an_array(body: str | None) -> None:
    with pytest.raises(InvalidParameters, match="the body must be a JSON array, with an object of parameters for each"):
        _request(body=body).json_array()
    assert _request(body='[{"a": 1}]').json_array() == [{"a": 1}]
