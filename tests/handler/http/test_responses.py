"""Statuses and the header Location."""

import json
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handler.contract.operation import Http, Parameter, Response, Result
from handler.engine.invocation import Answer
from handler.http.json_members import member_values
from handler.http.location import location
from tests.support.function import NewFunction
from tests.support.operations import ANY, INTEGER, TEXT, operation, rows_of

_MADE = operation(
    rows_of("SELECT (:id::text) AS id, (:more::jsonb) AS more WHERE (:id::text) <> 'none'"),
    name="make",
    result=Result.MAYBE,
    read_only=False,
    parameters={"id": {"type": ["string", "null"]}, "more": ANY},
    how=[Parameter("id", "scalar", nullable=True), Parameter("more", "json", optional=True)],
    http=Http("POST", "/things"),
    response=Response(status=201, location="/things/{id}/parts", columns=("id", "more")),
)
_COUNTED = operation(
    "SELECT to_json((:n::text)::numeric)::text",
    name="count",
    result=Result.VALUE,
    read_only=False,
    parameters={"n": TEXT},
    response=Response(status=202, location="/counts/{n}", columns=("n",)),
)


@pytest.mark.parametrize(
    ("id_", "expected"),
    [
        ("a7", "/things/a7/parts"),
        ("a/b?c#d", "/things/a%2Fb%3Fc%23d/parts"),
        ("é\r\nx: y", "/things/%C3%A9%0D%0Ax%3A%20y/parts"),
        ("", None),
        ("..", None),
        (".", None),
    ],
)
def test_location_is_the_path_of_what_was_made(new_function: NewFunction, id_: str, expected: str | None) -> None:
    response = new_function(_MADE).http("POST", "/things", body={"id": id_, "more": {"id": "}", "a": [1, {}]}})
    assert (response.status, response.headers.get("location")) == (201, expected)
    assert response.json["data"]["id"] == id_


def test_without_a_row_nothing_was_made(new_function: NewFunction) -> None:
    response = new_function(_MADE).http("POST", "/operations/make", body={"id": "none"})
    assert (response.status, response.json) == (200, {"data": None})
    assert "location" not in response.headers


@pytest.mark.parametrize("accept", ["application/json", "text/csv", "application/x-ndjson"])
def test_a_write_that_met_no_row_has_neither_status_nor_headers_of_one(new_function: NewFunction, accept: str) -> None:
    change = operation(
        "WITH q AS (UPDATE account SET account_id = account_id WHERE account_id = (:id::int) RETURNING account_id) "
        "SELECT CASE WHEN count(*) < 2 THEN min(row_to_json(q)::text) "
        "ELSE ((:__mark::text) || count(*))::integer::text END FROM q",
        name="change",
        result=Result.MAYBE,
        read_only=False,
        parameters={"id": INTEGER},
        response=Response(201, "/accounts/{account_id}", columns=("account_id",), etag="account_id"),
    )
    response = new_function(change).http("POST", "/operations/change", body={"id": 999}, headers={"accept": accept})
    assert response.status == 200
    assert response.headers.keys().isdisjoint({"etag", "location"})
    assert response.text in ('{"data":null}', "", '"account_id"\r\n')


def test_a_number_in_a_location_keeps_its_digits(new_function: NewFunction) -> None:
    response = new_function(_COUNTED).http("POST", "/operations/count", body={"n": "12345678901234567890.10"})
    assert (response.status, response.headers["location"]) == (202, "/counts/12345678901234567890.10")


def test_direct_callers_get_the_row_alone(new_function: NewFunction) -> None:
    assert new_function(_MADE).task("make", id="a", more=None) == {"id": "a", "more": None}


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.sampled_from(["}", "]", '"', "\\", '{"a":1}']),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@pytest.mark.slow
@given(st.dictionaries(st.text(), _JSON), st.sampled_from([(",", ":"), (" ,\n", ":\t")]))
def test_members_are_found_as_they_stand(row: dict[str, Any], separators: tuple[str, str]) -> None:
    texts = [json.dumps(value, separators=separators) for value in row.values()]
    names = [json.dumps(name) for name in row]
    text = "{" + ",".join(f"{name}:{value}" for name, value in zip(names, texts, strict=True)) + "}"
    assert member_values(text) == texts


def test_members_may_be_nested_deeper_than_parsers_go() -> None:
    deep = "[" * 100_000 + "]" * 100_000
    assert member_values(f'{{"a":{deep} ,"b":  1}}') == [deep, "1"]


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(lambda text: text not in (".", "..")))
def test_every_text_comes_back_out_of_its_location(text: str) -> None:
    made = location("/a/{b}", ("b",), Answer(Result.ONE, [json.dumps({"b": text})], 1))
    assert made is not None
    assert made.isascii()
    assert [unquote(segment) for segment in made.split("/")] == ["", "a", text]


@pytest.mark.parametrize(("value", "expected"), [("null", None), ("true", "/a/true"), ("-1.50", "/a/-1.50")])
def test_other_values_in_a_location(value: str, expected: str | None) -> None:
    assert location("/a/{b}", ("b",), Answer(Result.ONE, [f'{{"b":{value}}}'], 1)) == expected


def test_what_was_taken_back_was_not_made(new_function: NewFunction) -> None:
    insert = operation(
        "WITH q AS (INSERT INTO account VALUES ((:id::int), 'a') RETURNING account_id) "
        "SELECT CASE WHEN count(*) = 1 THEN min(row_to_json(q)::text) "
        "ELSE ((:__mark::text) || count(*))::integer::text END FROM q",
        name="make",
        result=Result.ONE,
        read_only=False,
        parameters={"id": INTEGER},
        response=Response(status=201, location="/accounts/{account_id}", columns=("account_id",)),
    )
    function = new_function(insert)
    tried = function.http("POST", "/operations/make", body={"id": 7}, headers={"prefer": "tx=rollback"})
    assert (tried.status, tried.headers["preference-applied"], tried.headers.get("location")) == (
        200,
        "tx=rollback",
        None,
    )
    made = function.http("POST", "/operations/make", body={"id": 7})
    assert (made.status, made.headers["location"]) == (201, "/accounts/7")


def test_what_is_no_row_is_refused() -> None:
    with pytest.raises(ValueError, match="expected a row that is a JSON object"):
        member_values('{"a":[1')
