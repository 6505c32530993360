"""Whatever the request, the answer is a response that says what is wrong; never is it a mistake of ours."""

import base64
import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from handler.contract.errors import InvalidParameters
from handler.contract.operation import Http, Parameter, Result
from handler.contract.ordering import RANGE
from handler.contract.sql import Slot
from tests.support.function import Function, NewFunction, function_url_event
from tests.support.operations import ANY, INTEGER, TEXT, operation, pages_by
from tests.support.statements import each_range

_SQL = (
    "SELECT json_build_array((:number::int), (:text::text), (:numbers::int[]), (:point::point3), (:pairs::hstore), "
    "(:document::jsonb), (:__limit::int))::text FROM "
)
_EVERYTHING = operation(
    _SQL,
    each_range("(SELECT * FROM (SELECT 1 AS n) q", Slot(RANGE, " WHERE "), ")"),
    " q",
    name="everything",
    result=Result.MANY,
    parameters={
        "number": INTEGER,
        "text": TEXT,
        "numbers": {"type": "array", "items": {"type": ["integer", "array", "null"]}},
        "point": {"type": "object", "properties": {"x": {"type": ["integer", "null"]}}},
        "pairs": {"type": "object", "additionalProperties": {"type": ["string", "null"]}},
        "document": ANY,
        "limit": {"type": "integer"},
        "cursor": TEXT,
    },
    how=[
        Parameter("numbers", ["array", "scalar"], optional=True),
        Parameter("point", ["row", [["x", "scalar"], ["y", "scalar"], ["label", "scalar"]]], optional=True),
        Parameter("pairs", "hstore", optional=True),
        Parameter("document", "json", optional=True),
        Parameter("text", "scalar", optional=True),
    ],
    pages=pages_by("n", size=1, most=5),
    http=Http("PUT", "/everything/{number}"),
)

_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(["\0", "\ud800", "é😀", "infinity", "NULL", "2026-01-31", "W10="]),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
# What the schema lets pass, so that PostgreSQL gets to see it; and what it may not.
_FITTING = st.fixed_dictionaries(
    {"number": st.integers(0, 9)},
    optional={
        "text": st.text(),
        "numbers": st.recursive(st.lists(st.none() | st.integers(0, 9)), st.lists),
        "point": st.dictionaries(st.sampled_from(["x", "y", "label"]), st.none() | st.integers()),
        "pairs": st.dictionaries(st.text(), st.none() | st.text()),
        "document": _JSON,
        "limit": st.integers(1, 5),
        "cursor": st.sampled_from(["WzFd", "WyJhIl0", "W251bGxd"]),
    },
)
_PARAMETERS = _FITTING | st.dictionaries(st.sampled_from(["number", "text", "numbers", "document"]) | st.text(), _JSON)
_URL_TEXT = st.text(st.characters(codec="ascii", categories=["L", "N", "P", "S"]))

robust = settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


@pytest.fixture
def function(new_function: NewFunction) -> Function:
    return new_function(_EVERYTHING)


@pytest.mark.slow
@robust
@given(
    method=st.sampled_from(["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS"]) | st.text(),
    path=st.sampled_from(["/everything/7", "/operations/everything"]) | _URL_TEXT.map(lambda text: f"/{text}"),
    query=_URL_TEXT,
    body=_PARAMETERS.map(json.dumps) | st.text(),
    content_type=st.sampled_from(["application/json", "text/plain", ""]),
)
def test_every_request_gets_a_response(
    function: Function, method: str, path: str, query: str, body: str, content_type: str
) -> None:
    response = function.http(method, path, query=query, text=body, headers={"content-type": content_type})
    assert 200 <= response.status < 500
    assert response.text == "" or isinstance(response.json, dict)


@robust
@given(body=st.binary())
def test_every_body_in_base64_gets_a_response(function: Function, body: bytes) -> None:
    text = base64.b64encode(body).decode()
    event = function_url_event("PUT", "/everything/7", "", text, {"content-type": "application/json"}, is_base64=True)
    assert json.loads(function.raw(event))["statusCode"] < 500


@pytest.mark.slow
@robust
@given(parameters=_PARAMETERS)
def test_every_call_over_http_gets_a_response(function: Function, parameters: dict[str, Any]) -> None:
    response = function.http("POST", "/operations/everything", body=parameters)
    assert response.status in (200, 400), response.text


@pytest.mark.slow
@robust
@given(event=_JSON | st.fixed_dictionaries({"operation": st.just("everything"), "parameters": _PARAMETERS}))
def test_every_direct_event_gets_an_answer_or_a_named_failure(function: Function, event: Any) -> None:
    with suppress(InvalidParameters):
        assert isinstance(function.invoke(event), dict)
