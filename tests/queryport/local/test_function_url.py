import base64
from typing import Any

import orjson
import pytest
from starlette.types import Scope

from queryport.local.function_url import event, response_for
from queryport.local.lambda_environment import InvocationResult


def _scope(target: str = "/", method: str = "GET", headers: list[tuple[str, str]] | None = None) -> Scope:
    path, _, query = target.partition("?")
    return {
        "type": "http",
        "http_version": "1.1",
        "method": method,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers or [("host", "localhost:8080")]],
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 8080),
    }


def _event(target: str = "/", body: bytes = b"", **headers: str) -> dict[str, Any]:
    return event(
        _scope(target, headers=[(name.replace("_", "-"), value) for name, value in headers.items()]), body, "id"
    )


def test_an_event_has_the_members_of_a_function_urls() -> None:
    made = event(_scope("/a?b=1", headers=[("Host", "localhost:8080"), ("User-Agent", "curl/8")]), b"", "request-1")
    assert set(made) == {
        *("version", "routeKey", "rawPath", "rawQueryString", "headers", "queryStringParameters"),
        *("requestContext", "isBase64Encoded"),
    }
    assert (made["version"], made["routeKey"], made["rawPath"], made["rawQueryString"]) == (
        "2.0",
        "$default",
        "/a",
        "b=1",
    )
    context = made["requestContext"]
    assert context["http"] == {
        "method": "GET",
        "path": "/a",
        "protocol": "HTTP/1.1",
        "sourceIp": "127.0.0.1",
        "userAgent": "curl/8",
    }
    assert (context["requestId"], context["stage"]) == ("request-1", "$default")
    assert context["domainName"] == "localhost:8080"
    assert context["time"].endswith(" +0000")
    assert made["headers"]["x-forwarded-for"] == "127.0.0.1"


def test_the_path_stays_encoded() -> None:
    assert _event("/a%2Fb/%C3%A9")["rawPath"] == "/a%2Fb/%C3%A9"


def test_repeated_parameters_are_joined_by_commas() -> None:
    made = _event("/?tag=a&tag=b%26c&empty=&plus=a+b")
    assert made["queryStringParameters"] == {"tag": "a,b&c", "empty": "", "plus": "a b"}


def test_repeated_headers_are_joined_by_commas() -> None:
    made = event(_scope(headers=[("Accept", "a"), ("accept", "b")]), b"", "id")
    assert made["headers"]["accept"] == "a,b"


def test_many_headers_take_no_longer_each() -> None:
    """Each was looked for among all: a second caller waited for minutes."""
    headers = [(f"x-{number}", "a") for number in range(100_000)] + [("y", "b")] * 100_000
    made = event(_scope(headers=headers), b"", "id")["headers"]
    assert made["x-99999"] == "a"
    assert made["y"] == ",".join(["b"] * 100_000)


def test_cookies_have_a_member_of_their_own() -> None:
    made = _event(cookie="a=1; b=2")
    assert made["cookies"] == ["a=1", "b=2"]
    assert "cookie" not in made["headers"]


def test_what_is_absent_has_no_member() -> None:
    assert {"body", "cookies", "queryStringParameters"}.isdisjoint(_event())


@pytest.mark.parametrize("kind", ["application/json", "text/plain; charset=utf-8", "application/merge-patch+json"])
def test_text_travels_as_it_is(kind: str) -> None:
    made = _event(body="é".encode(), content_type=kind)
    assert (made["body"], made["isBase64Encoded"]) == ("é", False)


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({"content_type": "application/octet-stream"}, b"abc"),
        ({"content_type": "application/json"}, b"\xff"),
        ({"content_type": "application/json", "content_encoding": "gzip"}, b"abc"),
        ({}, b"abc"),
    ],
)
def test_everything_else_travels_in_base64(headers: dict[str, str], body: bytes) -> None:
    made = _event(body=body, **headers)
    assert (base64.b64decode(made["body"]), made["isBase64Encoded"]) == (body, True)


def _response(answer: object) -> tuple[int, bytes, list[tuple[str, str]]]:
    response, failure = response_for(InvocationResult(orjson.dumps(answer), failed=False))
    assert failure is None
    return response.status_code, bytes(response.body), response.headers.items()


def test_an_answer_becomes_a_response() -> None:
    answer = {"statusCode": 201, "headers": {"Location": "/a"}, "cookies": ["a=1", "b=2"], "body": "é"}
    status, body, headers = _response(answer)
    assert (status, body) == (201, "é".encode())
    assert [value for name, value in headers if name == "set-cookie"] == ["a=1", "b=2"]
    assert ("location", "/a") in headers


def test_a_binary_answer_is_decoded() -> None:
    assert _response({"statusCode": 200, "body": "AAEC", "isBase64Encoded": True})[1] == b"\0\1\2"


def test_an_answer_without_a_status_is_the_body() -> None:
    assert _response({"a": 1})[:2] == (200, b'{"a":1}')
    assert _response("text")[:2] == (200, b"text")


@pytest.mark.parametrize(
    ("payload", "said"),
    [
        (b'{"errorType": "KeyError", "errorMessage": "x", "stackTrace": ["  line 1\\n"]}', "KeyError: x\n  line 1"),
        (b'{"errorType": "E", "errorMessage": "\\ud800", "stackTrace": ["\\udfff"]}', "E: \ud800\n\udfff"),
        (b"NaN", "not JSON"),
        (b'{"statusCode": "200"}', "a whole number as statusCode"),
        (b'"' + b"x" * 6 * 1024 * 1024 + b'"', "Lambda takes 6291456"),
    ],
)
def test_a_failure_of_the_function_is_a_bad_gateway(payload: bytes, said: str) -> None:
    response, failure = response_for(InvocationResult(payload, failed=payload.startswith(b'{"errorType"')))
    assert (response.status_code, response.body) == (502, b"Internal Server Error")
    assert said in (failure or "")


def test_the_length_of_a_response_to_head_is_that_of_get() -> None:
    answer = orjson.dumps({"statusCode": 200, "headers": {"Content-Length": "31"}, "body": ""})
    head, _ = response_for(InvocationResult(answer, failed=False), is_head=True)
    get, _ = response_for(InvocationResult(answer, failed=False))
    assert (head.headers["content-length"], get.headers["content-length"]) == ("31", "0")
