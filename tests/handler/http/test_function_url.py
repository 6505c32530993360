"""Calls over HTTP: routes, parameters by their place, statuses, headers and problem documents."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from handler.contract.operation import Http, Parameter, Result
from handler.contract.ordering import RANGE
from handler.contract.sql import Slot
from handler.engine.invocation import Capacity
from handler.http import exchange
from tests.support.function import REQUEST_ID, Function, NewFunction
from tests.support.operations import ANY, INTEGER, TEXT, operation, pages_by, rows_of
from tests.support.statements import each_range

_ECHO = operation(
    rows_of(
        "SELECT (:id::int) AS id, (:tags::text[]) AS tags, (:scale::numeric) AS scale, (:note::jsonb) AS note, "
        "(:days::date[]) AS days"
    ),
    name="echo",
    result=Result.ONE,
    parameters={
        "id": INTEGER,
        "tags": {"type": ["array", "null"], "items": {"type": ["string", "null"]}},
        "scale": {"type": ["number", "null"]},
        "note": ANY,
        "days": {"type": ["array", "null"], "items": {"type": "string", "format": "date"}},
    },
    how=[
        Parameter("days", ["array", "scalar"], optional=True),
        Parameter("tags", ["array", "scalar"], optional=True),
        Parameter("scale", "scalar", optional=True),
        Parameter("note", "json", optional=True),
    ],
    http=Http("GET", "/echo/{id}"),
)
_STORE = operation(
    rows_of("SELECT (:id::text) AS id, (:name::text) AS name"),
    name="store",
    result=Result.ONE,
    parameters={"id": TEXT, "name": TEXT},
    http=Http("PUT", "/things/{id}"),
)
_NUMBERS = operation(
    rows_of("SELECT n, repeat(chr(1), :width::int) AS filling FROM generate_series(1, (:count::int)) n"),
    name="numbers",
    parameters={"count": INTEGER, "width": INTEGER},
    how=[Parameter("width", "scalar", optional=True, default=0)],
    http=Http("GET", "/numbers"),
)


@pytest.fixture
def function(new_function: NewFunction) -> Function:
    return new_function(_ECHO, _STORE, _NUMBERS)


def test_any_operation_is_called_with_a_json_object(function: Function) -> None:
    response = function.http("POST", "/operations/echo", body={"id": 7, "tags": ["a", None], "scale": 1.5})
    assert (response.status, response.json) == (
        200,
        {"data": {"id": 7, "tags": ["a", None], "scale": 1.5, "note": None, "days": None}},
    )
    assert response.headers == {
        "content-type": "application/json",
        "x-content-type-options": "nosniff",
        "cache-control": "no-store",
        "x-request-id": REQUEST_ID,
    }


@pytest.mark.parametrize(
    ("query", "answer"),
    [
        ("", {"tags": None, "scale": None, "note": None}),
        ("tags=a&tags=b", {"tags": ["a", "b"]}),
        ("tags=a,b%2Cc", {"tags": ["a", "b,c"]}),
        ("tags=x%26y&tags=null", {"tags": ["x&y", "null"]}),
        ("tags=", {"tags": []}),
        ("tags=a%2Cb", {"tags": ["a,b"]}),
        ("days=2026-01-31%2C2026-02-28", {"days": ["2026-01-31", "2026-02-28"]}),
        ("scale=1.10", {"scale": 1.10}),
        ("note=%7B%22a%22%3A1%7D", {"note": {"a": 1}}),
        ("tags=a+b", {"tags": ["a b"]}),
    ],
)
def test_a_route_takes_its_parameters_from_path_and_query(
    function: Function, query: str, answer: Mapping[str, Any]
) -> None:
    response = function.http("GET", "/echo/7", query=query)
    assert response.status == 200
    assert {"id": 7, **answer}.items() <= response.json["data"].items()


def test_digits_survive_the_way_in_and_out(function: Function) -> None:
    number = "12345678901234567890.123456789012345678901234567890"
    assert f'"scale":{number}' in function.http("GET", "/echo/7", query=f"scale={number}").text
    body = f'{{"id": 7, "scale": {number}, "note": {{"n": {number}}}}}'
    response = function.http("POST", "/operations/echo", text=body, headers={"content-type": "application/json"})
    assert response.text.count(number) == 2


def test_a_route_takes_its_parameters_from_path_and_body(function: Function) -> None:
    response = function.http("PUT", "/things/a%2Fb", body={"name": "x"})
    assert response.json == {"data": {"id": "a/b", "name": "x"}}
    assert function.http("PUT", "/things/a", query="name=y").json["data"]["name"] == "y"


def test_every_flaw_of_a_request_has_its_place(function: Function) -> None:
    response = function.http("GET", "/echo/seven", query="scale=x&other=1")
    assert response.status == 400
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json
    assert sorted(problem.pop("errors"), key=lambda flaw: flaw["pointer"]) == [
        {"pointer": "/id", "detail": "must be a whole number", "in": "path"},
        {"pointer": "/other", "detail": "is not known here", "in": "query"},
        {"pointer": "/scale", "detail": "must be a number or null", "in": "query"},
    ]
    assert problem.pop("detail").count(";") == 2
    assert problem == {
        "type": "urn:queryport:error:InvalidParameters",
        "title": "The parameters are not what the operation takes",
        "status": 400,
        "code": "InvalidParameters",
        "operation": "echo",
        "retryable": False,
        "outcome": "not_executed",
    }


@pytest.mark.parametrize(
    ("method", "path", "query", "body", "flaw"),
    [
        ("PUT", "/things/a", "", {}, ("/name", "is missing", "body")),
        ("GET", "/numbers", "", None, ("/count", "is missing", "query")),
        ("POST", "/operations/numbers", "", None, ("/count", "is missing", "body")),
        ("POST", "/operations/numbers", "count=1", None, ("/count", "belongs in the body", "query")),
        ("PUT", "/things/a", "id=b", {"name": "x"}, ("/id", "is in the path already", "query")),
        ("PUT", "/things/a", "name=b", {"name": "x"}, ("/name", "is in the query already", "body")),
        ("GET", "/numbers", "count=1&count=2", None, ("/count", "must be given once", "query")),
        ("GET", "/echo/7", "note=x", None, ("/note", "is not JSON at line 1, column 1", "query")),
    ],
)
def test_a_parameter_comes_once_and_from_its_place(
    function: Function, method: str, path: str, query: str, body: Any, flaw: tuple[str, str, str]
) -> None:
    response = function.http(method, path, query=query, body=body)
    assert response.status == 400
    assert response.json["errors"] == [dict(zip(("pointer", "detail", "in"), flaw, strict=True))]


def test_a_get_takes_no_body(function: Function) -> None:
    response = function.http("GET", "/numbers", query="count=1", body={"count": 2})
    assert (response.status, response.json["detail"]) == (
        400,
        "a GET takes its parameters in the path and the query, and no body",
    )


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "UnknownOperation"),
        ("GET", "/numbers/", 404, "UnknownOperation"),
        ("GET", "/", 404, "UnknownOperation"),
        ("GET", "", 404, "UnknownOperation"),
        ("POST", "/operations/nothing", 404, "UnknownOperation"),
        ("POST", "/operations/echo/", 404, "UnknownOperation"),
        ("GET", "/operations/echo", 405, "MethodNotAllowed"),
        ("DELETE", "/numbers", 405, "MethodNotAllowed"),
        ("POST", "/health", 405, "MethodNotAllowed"),
    ],
)
def test_what_is_not_there_is_told(function: Function, method: str, path: str, status: int, code: str) -> None:
    response = function.http(method, path)
    assert (response.status, response.json["code"]) == (status, code)
    assert "operation" not in response.json


@pytest.mark.parametrize(
    ("path", "allow"),
    [
        ("/numbers", "GET, HEAD, OPTIONS"),
        ("/things/7", "OPTIONS, PUT"),
        ("/operations/echo", "OPTIONS, POST"),
        ("/health", "GET, HEAD, OPTIONS"),
    ],
)
def test_a_path_names_its_methods(function: Function, path: str, allow: str) -> None:
    options = function.http("OPTIONS", path)
    assert (options.status, options.headers["allow"], options.text) == (204, allow, "")
    assert function.http("TRACE", path).headers["allow"] == allow


def test_a_path_that_takes_patches_says_in_which_form(new_function: NewFunction) -> None:
    function = new_function(
        operation(rows_of("SELECT 1 AS one"), name="patch", http=Http("PATCH", "/ones")),
        operation(rows_of("SELECT 1 AS one"), name="get", http=Http("GET", "/ones")),
    )
    options = function.http("OPTIONS", "/ones")
    assert options.headers["allow"] == "GET, HEAD, OPTIONS, PATCH"
    assert options.headers["accept-patch"] == "application/merge-patch+json, application/json"


def test_head_is_get_without_a_body(function: Function) -> None:
    get, head = (function.http(method, "/numbers", query="count=1") for method in ("GET", "HEAD"))
    assert (head.status, head.text) == (get.status, "")
    assert head.headers == {**get.headers, "content-length": str(len(get.text.encode()))}
    assert function.http("HEAD", "/nowhere").text == ""


def test_health_says_which_catalogue_is_up(function: Function) -> None:
    assert function.http("GET", "/health").json == {"status": "ok", "fingerprint": "f00d"}


@pytest.mark.parametrize(
    ("headers", "text", "status", "code"),
    [
        ({"content-type": "text/plain"}, "{}", 415, "UnsupportedMediaType"),
        ({"content-type": "application/json"}, "{", 400, "InvalidParameters"),
        ({"content-type": "application/json"}, "x" * 5_000_000, 413, "RequestTooLarge"),
        ({"content-type": "application/json"}, '{"count": 1, "count": 2}', 400, "InvalidParameters"),
        ({"content-type": "application/json"}, '{"\\ud800": 2}', 400, "InvalidParameters"),
    ],
    ids=["type", "half", "large", "twice", "surrogate"],
)
def test_a_body_that_cannot_be_taken_is_a_problem(
    function: Function, headers: dict[str, str], text: str, status: int, code: str
) -> None:
    response = function.http("POST", "/operations/numbers", headers=headers, text=text)
    assert (response.status, response.json["code"]) == (status, code)


_AT = operation(
    rows_of("SELECT (:at::timestamptz AT TIME ZONE 'UTC')::text AS at, (:since::timestamptz) IS NULL AS all"),
    name="at",
    result=Result.ONE,
    parameters={"at": {"type": "string", "format": "date-time"}, "since": {"type": "string", "format": "date-time"}},
    how=[Parameter("since", "scalar", optional=True)],
    http=Http("GET", "/at/{at}"),
)


def test_a_plus_is_itself_in_a_path_and_a_space_in_a_query_which_is_said(new_function: NewFunction) -> None:
    function, path = new_function(_AT), "/at/2026-01-31T10:00:00"
    for offset in ("+02:00", "%2B02:00", "%2b02:00"):
        assert function.http("GET", path + offset).json["data"]["at"] == "2026-01-31 08:00:00"
    assert function.http("GET", f"{path}Z", query="since=2026-01-31T10:00:00%2B02:00").status == 200
    for query, advice in (("2026-01-31T10:00:00+02:00", True), ("yesterday", False)):
        (flaw,) = function.http("GET", f"{path}Z", query=f"since={query}").json["errors"]
        assert (flaw["pointer"], flaw["in"]) == ("/since", "query")
        assert flaw["detail"].endswith("a + in a query string is a space, write %2B") is advice
    (flaw,) = function.http("GET", f"{path}Z", query="sin%2Bce+=1").json["errors"]
    assert (flaw["pointer"], flaw["detail"]) == ("/sin+ce ", "is not known here")


def test_a_member_that_stands_twice_is_pointed_at(function: Function) -> None:
    headers, text = {"content-type": "application/json"}, '{"count": 1, "of": [{}, {"a/b": 1, "a/b": 2}]}'
    problem = function.http("POST", "/operations/numbers", headers=headers, text=text).json
    assert problem["detail"] == "the body has a member twice: /of/1/a~1b"
    assert problem["errors"] == [{"pointer": "/of/1/a~1b", "detail": "is given twice", "in": "body"}]


@pytest.mark.parametrize(
    ("method", "path", "headers", "text", "status"),
    [
        ("GET", "/nowhere", {}, None, 404),
        ("POST", "/operations/nowhere", {}, None, 404),
        ("GET", "/%ff", {}, None, 400),
        ("DELETE", "/health", {}, None, 405),
        ("GET", "/operations/numbers", {}, None, 405),
        ("POST", "/operations/numbers", {"content-type": "text/plain"}, "{}", 415),
        ("POST", "/operations/numbers", {"content-type": "application/json"}, "x" * 5_000_000, 413),
        ("POST", "/operations/numbers", {"content-type": "application/json"}, "[]", 400),
        ("GET", "/" + "x" * 1_100_000, {}, None, 413),
    ],
)
def test_every_problem_says_that_nothing_was_done(
    function: Function, method: str, path: str, headers: dict[str, str], text: str | None, status: int
) -> None:
    response = function.http(method, path, headers=headers, text=text)
    assert (response.status, response.json["status"], response.json["outcome"]) == (status, status, "not_executed")


def test_a_large_answer_is_passed_up_to_the_limit_of_lambda(
    function: Function, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert len(function.http("POST", "/operations/numbers", body={"count": 10, "width": 10_000}).text) > 600_000
    monkeypatch.setattr(exchange, "_CAPACITY", Capacity(500_000, "Lambda"))
    response = function.http("POST", "/operations/numbers", body={"count": 10, "width": 10_000})
    assert (response.status, response.json["code"]) == (422, "ResultTooLarge")


def test_pages_follow_each_other_until_the_last(new_function: NewFunction) -> None:
    order = " ORDER BY q.n LIMIT (:__limit::bigint)"
    function = new_function(
        operation(
            "SELECT row_to_json(q)::text, json_build_array(q.n::text)::text FROM ",
            each_range("(SELECT * FROM (SELECT n FROM generate_series(1, 5) n) q", Slot(RANGE, " WHERE "), ")"),
            f" q{order}",
            name="numbers",
            parameters={
                "limit": {"type": "integer", "minimum": 1, "maximum": 3},
                "cursor": {"type": ["string", "null"]},
            },
            pages=pages_by("n", size=2, most=3),
            http=Http("GET", "/numbers"),
        )
    )
    seen, query = [], ""
    while True:
        page = function.http("GET", "/numbers", query=query).json
        seen.append([row["n"] for row in page["data"]])
        if page["next"] is None:
            break
        query = f"cursor={page['next']}"
    assert seen == [[1, 2], [3, 4], [5]]
    assert function.http("GET", "/numbers", query="limit=3&cursor=W10").json["errors"][0]["pointer"] == "/cursor"
    assert function.http("GET", "/numbers", query="limit=4").json["errors"] == [
        {"pointer": "/limit", "detail": "must be at most 3", "in": "query"}
    ]


def test_a_mistake_of_ours_tells_its_type_to_the_log_alone(function: Function, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("hunter2")

    monkeypatch.setattr("handler.engine.statement.ReadyStatement.form", broken)
    response = function.http("GET", "/numbers", query="count=1")
    assert (response.status, response.json["code"], response.json["retryable"]) == (500, "InternalError", False)
    assert "hunter2" not in response.text
    assert "ZeroDivisionError" not in response.text


@pytest.mark.parametrize(
    "bent",
    [
        {"requestContext": {"http": {}}},
        {"requestContext": {"http": {"method": 7}}},
        {"requestContext": {"http": {"method": "GET"}}, "rawPath": ["/numbers"]},
        {"requestContext": {"http": {"method": "GET"}}, "rawQueryString": {"count": "1"}},
        {"requestContext": {"http": {"method": "GET"}}, "headers": ["a"]},
        {"requestContext": {"http": {"method": "GET"}}, "headers": {"idempotency-key": 7}},
        {"requestContext": {"http": {"method": "POST"}}, "body": {"count": 1}},
    ],
)
def test_an_event_that_aws_does_not_send_is_refused(function: Function, bent: dict[str, Any]) -> None:
    answer = json.loads(function.raw({"version": "2.0", **bent}))
    assert answer["statusCode"] == 400
    assert json.loads(answer["body"])["detail"] == "the event is none of a Function URL's (payload format 2.0)"


def test_every_answer_keeps_browsers_from_guessing_its_type(function: Function) -> None:
    for path in ("/health", "/numbers", "/nowhere"):
        assert function.http("GET", path).headers["x-content-type-options"] == "nosniff"


@pytest.mark.slow
@pytest.mark.parametrize(("method", "path"), [("POST", "/operations/numbers"), ("GET", "/numbers")])
def test_no_more_flaws_are_told_than_anyone_reads(function: Function, method: str, path: str) -> None:
    query = "&".join(f"name{number}=1&name{number}=2" for number in range(100_000))[: 1024 * 1024 - 1000]
    response = function.http(method, path, query=query)
    assert response.status == 400
    assert len(response.json["errors"]) == 50
    assert len(response.text) < 20_000


def test_a_url_that_is_too_long_is_refused(function: Function) -> None:
    assert function.http("GET", "/numbers", query="x" * 1024 * 1024).status == 413


@pytest.mark.parametrize("headers", [{"cookie": "x" * 65_536}, {f"x-{number}": "" for number in range(20_000)}])
def test_headers_that_are_too_long_are_refused(function: Function, headers: dict[str, str]) -> None:
    refused = function.http("GET", "/numbers", headers=headers)
    assert (refused.status, refused.json["code"]) == (413, "RequestTooLarge")
    assert function.http("GET", "/health", headers={"cookie": "x" * 65_000}).status == 200
