"""Caches and conditions, case by case of RFC 9110 and RFC 9111."""

from typing import NamedTuple

import pytest

from handler.contract.operation import Http, Response, Result
from handler.http.caching import entity_tag, is_known
from tests.support.function import Function, NewFunction
from tests.support.operations import INTEGER, operation, rows_of

_READ = operation(
    rows_of("SELECT n, 'é' AS name FROM generate_series(1, (:count::int)) n"),
    name="read",
    parameters={"count": INTEGER},
    http=Http("GET", "/read"),
)
_PUBLIC = operation(
    rows_of("SELECT 1 AS n"),
    name="public",
    result=Result.ONE,
    http=Http("GET", "/public"),
    response=Response(cache_control="public, max-age=60", by_caller=False),
)
_WRITE = operation(
    "INSERT INTO account VALUES ((:id::int), 'a')",
    name="write",
    result=Result.AFFECTED,
    read_only=False,
    parameters={"id": INTEGER},
    http=Http("PUT", "/write"),
)
_NOTHING = operation(
    rows_of("SELECT 1 AS n"),
    name="nothing",
    result=Result.NONE,
    http=Http("GET", "/nothing"),
    response=Response(status=204),
)


@pytest.fixture
def function(new_function: NewFunction) -> Function:
    return new_function(_READ, _PUBLIC, _WRITE, _NOTHING)


class Case(NamedTuple):
    section: str
    """Of RFC 9110."""
    name: str
    if_none_match: str
    """`TAG` stands for the tag of the answer."""
    status: int
    method: str = "GET"
    more: tuple[tuple[str, str], ...] = ()


CASES = [
    Case("13.1.2", "the very tag", "TAG", 304),
    Case("13.1.2", "the tag, compared weakly", "W/TAG", 304),
    Case("13.1.2", "anything", "*", 304),
    Case("13.1.2", "anything, in space", " * ", 304),
    Case("13.1.2", "another tag", '"other"', 200),
    Case("13.1.2", "the tag in a list", '"a", TAG, "b"', 304),
    Case("13.1.2", "the tag in a list without spaces", '"a",W/TAG', 304),
    Case("13.1.2", "a list without the tag", '"a", W/"b"', 200),
    Case("8.8.3", "a comma is part of a tag", '"a,TAG"'.replace("TAG", "b"), 200),
    Case("8.8.3", "the empty tag", '""', 200),
    Case("8.8.3", "a tag in other letters", "LOWER", 200),
    Case("8.8.3", "no quotes, and so no tag", "BARE", 200),
    Case("8.8.3", "a star in quotes is a tag", '"*"', 200),
    Case("13.1.2", "HEAD as GET", "TAG", 304, "HEAD"),
    Case("13.1.2", "HEAD with another tag", '"other"', 200, "HEAD"),
    Case("13.2.2", "If-Modified-Since is not looked at beside it", '"other"', 200, more=(("if-modified-since", "x"),)),
    Case("13.2.2", "and changes nothing", "TAG", 304, more=(("if-modified-since", "Thu, 01 Jan 1970 00:00:00 GMT"),)),
    Case("14.2", "Range is not looked at, since no ranges are offered", '"other"', 200, more=(("range", "bytes=0-1"),)),
]


@pytest.mark.parametrize("case", CASES, ids=[f"{case.section} {case.name}" for case in CASES])
def test_if_none_match(function: Function, case: Case) -> None:
    full = function.http("GET", "/read", query="count=2")
    tag = full.headers["etag"]
    written = case.if_none_match.replace("TAG", tag).replace("BARE", tag[1:-1]).replace("LOWER", tag.swapcase())
    response = function.http(
        case.method, "/read", query="count=2", headers={"if-none-match": written, **dict(case.more)}
    )
    assert response.status == case.status
    assert response.headers["etag"] == tag
    assert response.text == ("" if case.status == 304 or case.method == "HEAD" else full.text)
    if case.status == 304:  # 15.4.5: what 200 would have had, of these
        assert "content-length" not in response.headers
        for name in ("cache-control", "etag", "vary", "content-type"):
            assert response.headers[name] == full.headers[name]


def test_if_modified_since_alone_is_not_looked_at(function: Function) -> None:
    response = function.http("GET", "/public", headers={"if-modified-since": "Thu, 01 Jan 2037 00:00:00 GMT"})
    assert response.status == 200
    assert "last-modified" not in response.headers


def test_a_tag_is_of_the_answer_and_stays(function: Function) -> None:
    one, two, again = (function.http("GET", "/read", query=f"count={count}").headers["etag"] for count in (1, 2, 1))
    assert one == again != two
    assert one.startswith('"'), "a strong tag has no W/ before it (8.8.3)"


def test_the_length_of_head_is_that_of_get_in_bytes(function: Function) -> None:
    get = function.http("GET", "/read", query="count=1")
    head = function.http("HEAD", "/read", query="count=1")
    assert int(head.headers["content-length"]) == len(get.text.encode()) > len(get.text)


def test_a_failure_has_neither_tag_nor_condition(function: Function) -> None:
    """13.2.1: a condition is not looked at where the response without it is no success."""
    response = function.http("GET", "/read", query="count=x", headers={"if-none-match": "*"})
    assert (response.status, response.headers["cache-control"]) == (400, "no-store")
    assert "etag" not in response.headers


def test_what_only_one_caller_may_see_is_kept_by_no_shared_cache(function: Function) -> None:
    headers = function.http("GET", "/read", query="count=1").headers
    assert headers["cache-control"] == "private, no-cache"
    assert headers["vary"] == "accept-encoding, accept, authorization, x-api-key"


def test_what_everybody_may_see_is_kept_as_the_operation_says(function: Function) -> None:
    headers = function.http("GET", "/public").headers
    assert headers["cache-control"] == "public, max-age=60"
    assert headers["vary"] == "accept-encoding, accept"


def test_answers_to_other_methods_are_kept_by_nobody(function: Function) -> None:
    for response in (
        function.http("PUT", "/write", body={"id": 1}),
        function.http("POST", "/operations/public", headers={"if-none-match": "*"}),
    ):
        assert (response.status, response.headers["cache-control"]) == (200, "no-store")
        assert response.headers.keys().isdisjoint({"etag", "vary"})


@pytest.mark.parametrize("tags", ["*", '"1"', 'W/"1", "2"', "1", ""])
def test_a_change_that_would_not_keep_to_if_none_match_is_not_made(function: Function, tags: str) -> None:
    for method, path in (("PUT", "/write"), ("POST", "/operations/write")):
        response = function.http(method, path, body={"id": 1}, headers={"if-none-match": tags})
        assert (response.status, response.json["code"], response.json["outcome"]) == (
            400,
            "InvalidParameters",
            "not_executed",
        )


def test_an_answer_of_nothing_has_no_tag(function: Function) -> None:
    for method in ("GET", "HEAD"):
        response = function.http(method, "/nothing")
        assert (response.status, response.text) == (204, "")
        assert response.headers.keys() == {"x-content-type-options", "cache-control", "x-request-id"}


def test_tags_differ_where_one_byte_does() -> None:
    tags = {entity_tag(bytes([byte])) for byte in range(256)} | {entity_tag(b"")}
    assert len(tags) == 257
    assert all(is_known(tag, tag) for tag in tags)
