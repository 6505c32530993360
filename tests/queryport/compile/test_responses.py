"""`status:`, `location:` and `cache:` as the catalogue has them."""

from collections.abc import Callable

import pytest

from handler.contract.operation import Operation, RawBody, Response

Make = Callable[[str], Operation]

_WRITE = "UPDATE visit SET small = 1 WHERE visit_id = :v RETURNING visit_id, small"


@pytest.mark.parametrize(
    ("text", "response"),
    [
        ("SELECT name, email FROM person", Response(columns=("name", "email"), flat=True)),
        ("DELETE FROM visit WHERE visit_id = :v", Response()),
        ("-- result: none\nDELETE FROM visit WHERE visit_id = :v", Response(status=204)),
        ("-- result: none\n-- status: 202\nDELETE FROM visit WHERE visit_id = :v", Response(status=202)),
        ("-- allow: [anyone]\nSELECT 1 AS a", Response(by_caller=False, columns=("a",), flat=True)),
        (
            "-- allow: [anyone]\n-- rls: true\n-- silence: [QP705]\nSELECT name FROM person",
            Response(columns=("name",), flat=True),
        ),
        (
            f"-- result: one\n-- status: 201\n-- location: /visits/{{visit_id}}\n{_WRITE}",
            Response(status=201, location="/visits/{visit_id}", columns=("visit_id", "small"), flat=True),
        ),
        (
            f"-- result: one\n-- status: 201\n-- location: /v/{{visit_id}}\nSELECT 1 AS a;\n-- @result\n{_WRITE}",
            Response(status=201, location="/v/{visit_id}", columns=("visit_id", "small"), flat=True),
        ),
        ("SELECT tags FROM person", Response(columns=("tags",))),
        ("SELECT 1 AS a, '1'::json AS b", Response(columns=("a", "b"))),
        ("SELECT p AS b FROM person p", Response(columns=("b",))),
        (
            "-- formulas: escape\nSELECT 1.5 AS n, now() AS t, true AS b, '1 day'::interval AS i",
            Response(columns=("n", "t", "b", "i"), flat=True, escape_formulas=True),
        ),
        (
            "-- format: bytes\n-- type: text/plain; charset=utf-8\n-- result: value\nSELECT 'x'::bytea AS b",
            Response(columns=("b",), flat=True, media_type="text/plain; charset=utf-8"),
        ),
    ],
)
def test_the_answers_of_an_operation(operation_of: Make, text: str, response: Response) -> None:
    assert operation_of(text).response == response


@pytest.mark.parametrize(
    ("cache", "header"),
    [
        ("60s", "private, max-age=60"),
        ("0s", "private, max-age=0"),
        ("2h", "private, max-age=7200"),
        ("no-store", "no-store"),
        ("{public: true, max_age: 60}", "public, max-age=60"),
        ("{public: true}", "public, no-cache"),
        (
            "{public: true, max_age: 60, stale_while_revalidate: 300}",
            "public, max-age=60, stale-while-revalidate=300",
        ),
    ],
)
def test_a_cache_is_the_header(operation_of: Make, cache: str, header: str) -> None:
    text = f"-- http: GET /people\n-- allow: [anyone]\n-- cache: {cache}\nSELECT name FROM person"
    assert operation_of(text).response.cache_control == header


@pytest.mark.parametrize(
    ("body", "raw"),
    [
        ("photo", RawBody("photo", ("*/*",))),
        ("{parameter: photo, types: [image/PNG, 'text/*']}", RawBody("photo", ("image/png", "text/*"))),
    ],
)
def test_a_body_of_bytes(operation_of: Make, body: str, raw: RawBody) -> None:
    http = operation_of(f"-- http: PUT /a\n-- body: {body}\nSELECT :photo::bytea AS a").http
    assert http is not None
    assert http.raw == raw
