"""Answers as NDJSON, CSV and bytes, uploads, and gzip."""

import gzip
import json
from base64 import b64decode, b64encode
from typing import Any

import pytest

from handler.contract.operation import Http, Parameter, RawBody, Response, Result
from handler.contract.ordering import RANGE
from handler.contract.sql import Slot
from handler.engine.invocation import Capacity
from handler.http import exchange
from handler.http.caching import entity_tag
from handler.http.compression import SMALLEST
from handler.http.preconditions import if_match
from tests.support.function import Function, NewFunction
from tests.support.operations import INTEGER, TEXT, operation, pages_by, rows_of
from tests.support.statements import each_range

_BYTES = {"type": "string", "pattern": r"^\\x(?:[0-9A-Fa-f]{2})*$"}
_ROWS = operation(
    rows_of("SELECT n, 1.10 * n AS total, repeat('ä', (:width::int)) AS text FROM generate_series(1, (:count::int)) n"),
    name="rows",
    parameters={"count": INTEGER, "width": INTEGER},
    how=[Parameter("width", "scalar", optional=True, default=1)],
    http=Http("GET", "/shop/rows"),
    response=Response(columns=("n", "total", "text"), flat=True),
)
_ROW = operation(
    rows_of("SELECT (:id::text) AS id, json '{\"a\":\n1}' AS j"),
    name="row",
    result=Result.ONE,
    parameters={"id": TEXT},
    http=Http("GET", "/rows/{id}"),
    response=Response(columns=("id", "j")),
)
_COUNT = operation(
    "SELECT to_json(1)::text", name="count", result=Result.VALUE, http=Http("GET", "/count"), response=Response()
)
_IMAGE = operation(
    "SELECT to_json(CASE WHEN (:n::int) > 0 THEN decode(repeat('89ff', (:n::int)), 'hex') END)::text",
    name="image",
    result=Result.VALUE,
    parameters={"n": INTEGER},
    http=Http("GET", "/images/{n}"),
    response=Response(columns=("image",), media_type="image/png"),
)
_DRAWING = operation(
    "SELECT to_json(convert_to(repeat('<svg/>', 500), 'UTF8'))::text",
    name="drawing",
    result=Result.VALUE,
    http=Http("GET", "/drawing"),
    response=Response(columns=("image",), media_type="image/svg+xml"),
)
_UPLOAD = operation(
    rows_of("SELECT octet_length((:file::bytea)) AS length, md5((:file::bytea)) AS md5, (:name::text) AS name"),
    name="upload",
    result=Result.ONE,
    read_only=False,
    parameters={"name": TEXT, "file": _BYTES},
    http=Http("PUT", "/files/{name}", RawBody("file", ("image/png", "text/*"))),
    response=Response(columns=("length", "md5", "name")),
)
_ANY_FILE = _UPLOAD._replace(name="any", http=Http("PUT", "/any/{name}", RawBody("file", ("*/*", "application/json"))))
_PAGES = operation(
    "SELECT row_to_json(q)::text, json_build_array(q.n::text)::text FROM ",
    each_range("(SELECT * FROM (SELECT n FROM generate_series(1, 5) n) q", Slot(RANGE, " WHERE "), ")"),
    " q ORDER BY q.n LIMIT (:__limit::bigint)",
    name="pages",
    parameters={"limit": {**INTEGER, "minimum": 1}, "cursor": TEXT},
    pages=pages_by("n", size=2, most=5),
    http=Http("GET", "/pages"),
    response=Response(columns=("n",), flat=True),
)


@pytest.fixture
def function(new_function: NewFunction) -> Function:
    return new_function(_ROWS, _ROW, _COUNT, _IMAGE, _DRAWING, _UPLOAD, _ANY_FILE, _PAGES)


def _raw(
    function: Function, path: str, method: str = "GET", query: str = "", **headers: str
) -> tuple[int, dict[str, str], bytes]:
    """The answer with its body as bytes."""
    sent = {name.replace("_", "-"): each for name, each in headers.items()}
    response = function.http(method, path, query=query, headers=sent)
    body = b64decode(response.text) if response.is_base64 else response.text.encode()
    return response.status, response.headers, body


_CSV_OF_TWO = '"n","total","text"\r\n1,1.10,"ä"\r\n2,2.20,"ä"\r\n'
_NDJSON_OF_TWO = '{"n":1,"total":1.10,"text":"ä"}\n{"n":2,"total":2.20,"text":"ä"}\n'


@pytest.mark.parametrize(
    ("path", "accept", "media_type", "text"),
    [
        ("/shop/rows", "text/csv", "text/csv; charset=utf-8; header=present", _CSV_OF_TWO),
        ("/shop/rows.csv", None, "text/csv; charset=utf-8; header=present", _CSV_OF_TWO),
        ("/shop/rows.csv", "text/html", "text/csv; charset=utf-8; header=present", _CSV_OF_TWO),
        ("/shop/rows", "application/x-ndjson", "application/x-ndjson", _NDJSON_OF_TWO),
        ("/shop/rows.ndjson", "*/*", "application/x-ndjson", _NDJSON_OF_TWO),
        ("/shop/rows.json", "text/csv", "application/json", None),
        ("/shop/rows", "*/*", "application/json", None),
    ],
)
def test_rows_in_the_format_that_is_asked_for(
    function: Function, path: str, accept: str | None, media_type: str, text: str | None
) -> None:
    response = function.http("GET", path, query="count=2", headers={"accept": accept} if accept else {})
    assert (response.status, response.headers["content-type"]) == (200, media_type)
    if text is None:
        assert [row["n"] for row in response.json["data"]] == [1, 2]
    else:
        assert response.text == text


def test_every_format_has_a_tag_of_its_own(function: Function) -> None:
    paths = ("/shop/rows", "/shop/rows.csv", "/shop/rows.ndjson")
    answers = {path: function.http("GET", path, query="count=1").headers for path in paths}
    assert len({headers["etag"] for headers in answers.values()}) == 3
    assert answers["/shop/rows"]["vary"] == "accept-encoding, accept, authorization, x-api-key"
    assert answers["/shop/rows.csv"]["vary"] == "accept-encoding, authorization, x-api-key"


def test_any_call_can_ask_for_a_format(function: Function) -> None:
    response = function.http("POST", "/operations/rows", body={"count": 1}, headers={"accept": "text/csv"})
    assert response.text == '"n","total","text"\r\n1,1.10,"ä"\r\n'
    assert function.http("GET", "/shop/rows.csv", query="count=0").text == '"n","total","text"\r\n'


def test_what_there_is_not_is_refused_by_the_names_of_what_there_is(function: Function) -> None:
    accepting = [("/shop/rows", "image/png"), ("/count", "text/csv"), ("/count.csv", "*/*")]
    for path, accept in accepting:
        headers = {"accept": accept}
        response = function.http("GET", path, query="count=1" if "rows" in path else "", headers=headers)
        assert (response.status, response.json["code"]) == (406, "NotAcceptable")
        assert "the operation answers application/json" in response.json["detail"]
        assert response.headers["content-type"] == "application/problem+json"


def test_nothing_is_run_for_a_format_that_there_is_not(function: Function) -> None:
    response = function.http("PUT", "/files/a", body={"file": "no bytes"}, headers={"accept": "image/png"})
    assert response.status == 406, "the parameters are not even looked at"


def test_a_suffix_behind_a_parameter_belongs_to_its_value(function: Function) -> None:
    response = function.http("GET", "/rows/7.csv", headers={"accept": "application/x-ndjson"})
    assert response.text == '{"id":"7.csv","j":{"a": 1}}\n'


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/shop/rows.xml", 404),
        ("GET", "/shop/.csv", 404),
        ("GET", "/shop/nothing.csv", 404),
        ("GET", "/shop/rows/x.csv", 404),
        ("GET", "/files.csv", 404),
        ("POST", "/shop/rows.csv", 405),
        ("OPTIONS", "/shop/rows.csv", 204),
        ("HEAD", "/shop/rows.csv", 200),
    ],
)
def test_paths_with_a_suffix(function: Function, method: str, path: str, status: int) -> None:
    response = function.http(method, path, query="count=1" if method in ("GET", "HEAD") else "")
    assert response.status == status
    if status in (204, 405):
        assert response.headers["allow"] == "GET, HEAD, OPTIONS"


def test_a_route_of_the_path_as_it_stands_goes_before_a_suffix(new_function: NewFunction) -> None:
    own = _COUNT._replace(name="own", http=Http("GET", "/shop/rows.csv"))
    taken = _ROW._replace(name="taken", http=Http("GET", "/page/{id}"))
    page = _ROWS._replace(name="page", http=Http("GET", "/page/all"))
    function = new_function(_ROWS, own, taken, page)
    assert function.http("GET", "/shop/rows.csv").json == {"data": 1}
    assert function.http("GET", "/page/all.csv").json["data"]["id"] == "all.csv"


def test_a_page_says_in_its_headers_what_follows(function: Function) -> None:
    first = function.http("GET", "/pages.csv", query="limit=3")
    assert first.text == '"n"\r\n1\r\n2\r\n3\r\n'
    path, _, query = first.headers["link"].removesuffix('>; rel="next"').removeprefix("<").partition("?")
    last = function.http("GET", path, query=query)
    assert last.text == '"n"\r\n4\r\n5\r\n'
    assert "link" not in last.headers


def test_a_page_has_another_tag_where_another_page_follows(function: Function) -> None:
    cursor = function.http("GET", "/pages", query="limit=3").json["next"]
    follows = function.http("GET", "/pages.csv", query=f"limit=1&cursor={cursor}")
    assert (follows.text, "link" in follows.headers) == ('"n"\r\n4\r\n', True)
    assert follows.headers["etag"] != entity_tag(follows.text.encode())
    last = function.http("GET", "/pages.csv", query=f"limit=2&cursor={cursor}")
    assert last.headers["etag"] == entity_tag(last.text.encode())


def test_a_picture_is_itself(function: Function) -> None:
    status, headers, body = _raw(function, "/images/3", accept="image/avif,image/webp,*/*;q=0.8")
    assert (status, headers["content-type"], body) == (200, "image/png", bytes.fromhex("89ff" * 3))
    assert headers["x-content-type-options"] == "nosniff"
    assert "content-security-policy" not in headers
    assert _raw(function, "/images/3", "HEAD")[1] == {**headers, "content-length": "6"}
    assert _raw(function, "/images/3", if_none_match=headers["etag"])[0] == 304


def test_a_picture_as_json_is_as_direct_callers_have_it(function: Function) -> None:
    assert function.http("GET", "/images/1", headers={"accept": "application/json"}).json == {"data": "\\x89ff"}
    assert function.task("image", n=1) == "\\x89ff"


def test_no_picture_is_no_content(function: Function) -> None:
    assert _raw(function, "/images/0")[::2] == (204, b"")
    assert function.http("GET", "/images/0", headers={"accept": "application/json"}).json == {"data": None}


def test_what_a_browser_would_run_is_forbidden_to(function: Function) -> None:
    _, headers, body = _raw(function, "/drawing")
    assert headers["content-security-policy"].endswith("sandbox")
    assert body.startswith(b"<svg/>")
    assert _raw(function, "/drawing", accept_encoding="gzip")[1]["content-encoding"] == "gzip"


@pytest.mark.parametrize(
    ("text", "media_type", "is_base64"),
    [
        (b64encode(b"\x89PNG\0").decode(), "image/png", True),
        ("plain é", "text/plain; charset=utf-8", False),
        ("", "image/png", False),
    ],
)
def test_a_body_is_taken_as_bytes(function: Function, text: str, media_type: str, is_base64: bool) -> None:  # noqa: FBT001
    sent = b64decode(text) if is_base64 else text.encode()
    response = function.http("PUT", "/files/a", text=text, headers={"content-type": media_type}, is_base64=is_base64)
    assert response.json["data"].items() >= {"length": len(sent), "name": "a"}.items()


def test_a_body_of_json_is_still_an_object_of_parameters(function: Function) -> None:
    assert function.http("PUT", "/files/a", body={"file": "\\x00ff"}).json["data"]["length"] == 2
    assert function.http("POST", "/operations/upload", body={"file": "\\x", "name": "b"}).json["data"]["length"] == 0
    as_bytes = function.http("PUT", "/any/a", body={"file": "\\x00ff"})
    assert as_bytes.json["data"]["length"] == len(json.dumps({"file": "\\x00ff"})), "where its type is named"


@pytest.mark.parametrize(
    ("path", "headers", "is_base64", "status", "detail"),
    [
        ("/files/a", {"content-type": "image/gif"}, False, 415, "of the type image/png, text/* or application/json"),
        ("/files/a", {}, False, 415, "of the type image/png"),
        ("/any/a", {}, False, 415, "of the type */*"),
        ("/any/a", {"content-type": "image/png", "content-encoding": "gzip"}, False, 415, "must not be compressed"),
        ("/any/a", {"content-type": "image/png"}, True, 400, "is not base64"),
    ],
)
def test_a_body_that_is_not_taken(
    function: Function,
    path: str,
    headers: dict[str, str],
    is_base64: bool,  # noqa: FBT001
    status: int,
    detail: str,
) -> None:
    response = function.http("PUT", path, text="!", headers=headers, is_base64=is_base64)
    assert response.status == status
    assert detail in response.json["detail"]


def test_without_a_body_the_parameter_is_missing(function: Function) -> None:
    response = function.http("PUT", "/files/a")
    assert [flaw["pointer"] for flaw in response.json["errors"]] == ["/file"]


def _of_size(function: Function, width: int, **headers: str) -> tuple[int, dict[str, str], bytes]:
    return _raw(function, "/shop/rows", query=f"count=1&width={width}", **headers)


def test_a_large_answer_is_compressed_for_one_who_takes_it(function: Function) -> None:
    _, plain_headers, plain = _of_size(function, SMALLEST)
    status, headers, body = _of_size(function, SMALLEST, accept_encoding="gzip, br")
    assert (status, headers["content-encoding"], gzip.decompress(body)) == (200, "gzip", plain)
    assert headers["etag"] != plain_headers["etag"]
    assert headers["vary"] == plain_headers["vary"]
    assert body == _of_size(function, SMALLEST, accept_encoding="gzip")[2], "the same bytes, as the tag is a strong one"
    head = _raw(function, "/shop/rows", "HEAD", f"count=1&width={SMALLEST}", accept_encoding="gzip")[1]
    assert int(head["content-length"]) == len(body)


def test_the_condition_is_for_the_answer_as_it_would_be_sent(function: Function) -> None:
    plain, packed = (_of_size(function, SMALLEST, accept_encoding=each)[1]["etag"] for each in ("identity", "gzip"))
    assert _of_size(function, SMALLEST, accept_encoding="gzip", if_none_match=packed)[::2] == (304, b"")
    assert _of_size(function, SMALLEST, accept_encoding="gzip", if_none_match=plain)[0] == 200
    assert _of_size(function, SMALLEST, if_none_match=plain)[0] == 304


def test_a_small_answer_is_sent_as_it_is_unless_that_is_refused(function: Function) -> None:
    assert "content-encoding" not in _of_size(function, 10, accept_encoding="gzip")[1]
    _, headers, body = _of_size(function, 10, accept_encoding="gzip, identity;q=0")
    assert headers["content-encoding"] == "gzip"
    assert json.loads(gzip.decompress(body))["data"][0]["text"] == "ä" * 10


def test_an_answer_that_may_be_in_no_encoding_is_refused(function: Function) -> None:
    response = function.http("GET", "/count", headers={"accept-encoding": "identity;q=0, gzip;q=0"})
    assert (response.status, response.json["code"]) == (406, "NotAcceptable")
    assert "identity and gzip" in response.json["detail"]


def test_a_picture_is_not_compressed(function: Function) -> None:
    assert "content-encoding" not in _raw(function, "/images/1000", accept_encoding="gzip")[1]


def test_compressed_an_answer_may_be_larger_than_lambda_passes(
    function: Function, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exchange, "_CAPACITY", Capacity(20_000, "Lambda"))
    response = function.http("GET", "/shop/rows", query="count=1&width=20000")
    assert (response.status, response.json["code"]) == (422, "ResultTooLarge")
    assert "`accept-encoding: gzip`" in response.json["detail"]
    status, _, body = _of_size(function, 20_000, accept_encoding="gzip")
    assert status == 200
    assert len(gzip.decompress(body)) > 40_000


def test_what_counts_is_the_answer_in_base64(new_function: NewFunction, monkeypatch: pytest.MonkeyPatch) -> None:
    function = new_function(_IMAGE)
    event = {"version": "2.0", "requestContext": {"http": {"method": "GET"}}, "rawPath": "/images/3000", "headers": {}}
    event["requestContext"]["authorizer"] = {"iam": function.caller}  # type: ignore[index]  # the event's own
    size = len(function.raw(event))
    assert size > 6000 * 4 / 3
    monkeypatch.setattr(exchange, "_CAPACITY", Capacity(size, "Lambda"))
    assert _status(function, event) == 200
    monkeypatch.setattr(exchange, "_CAPACITY", Capacity(size - 1, "Lambda"))
    assert _status(function, event) == 422


def _status(function: Function, event: Any) -> int:
    return int(json.loads(function.raw(event))["statusCode"])


def test_a_rows_own_tag_says_the_format_and_means_the_row(new_function: NewFunction) -> None:
    versioned = operation(
        rows_of("SELECT 'a;b'::text AS version, repeat('x', 2000) AS text"),
        name="versioned",
        result=Result.ONE,
        http=Http("GET", "/versioned"),
        response=Response(columns=("version", "text"), flat=True, etag="version"),
    )
    function = new_function(versioned)
    headers = [{}, {"accept-encoding": "gzip"}, {"accept": "text/csv", "accept-encoding": "gzip"}]
    tags = [function.http("GET", "/versioned", headers=each).headers["etag"] for each in headers]
    assert tags == ['"a%3Bb"', '"a%3Bb;gzip"', '"a%3Bb;text/csv;gzip"']
    assert if_match(", ".join(tags)).tags == ("a;b",) * 3
