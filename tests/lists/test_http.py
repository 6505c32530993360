"""Lists over HTTP: `sort`, `filter[column][operator]` and `count` in the URL, links, and what is refused."""

import json
import re
from typing import Any
from urllib.parse import quote, urlencode

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from handler.contract.errors import InvalidParameters
from tests.lists.conftest import COLUMNS, call
from tests.lists.plain import plain_rows
from tests.support.function import Function, Response

_ITEMS = f"SELECT {COLUMNS} FROM item"


def follow(function: Function, query: str, path: str = "/items") -> list[Any]:
    """The rows of all the pages, each found by the link of the one before."""
    rows: list[Any] = []
    for _ in range(100):
        response = function.http("GET", path, query=query)
        assert response.status == 200, response.text
        rows += response.json["data"]
        link = response.headers.get("link")
        assert (link is None) == (response.json["next"] is None)
        if link is None:
            return rows
        found = re.fullmatch(r'<([^>]+)>; rel="next"', link)
        assert found is not None
        linked, _, query = found[1].partition("?")
        assert linked == path
    raise AssertionError("the links have no end")


@pytest.mark.parametrize(
    ("query", "order", "filters"),
    [
        ("sort=-placed_at,total&limit=5", ["-placed_at", "total", "item_id"], {}),
        ("sort=-placed_at&sort=total", ["-placed_at", "total", "item_id"], {}),
        ("sort=-placed_at%2Ctotal", ["-placed_at", "total", "item_id"], {}),
        ("filter[total][gte]=2.5&filter[total][lt]=1e1", ["-day", "item_id"], {"total": {"gte": 2.5, "lt": 10}}),
        ("filter%5Btotal%5D%5Bgte%5D=2.5", ["-day", "item_id"], {"total": {"gte": 2.5}}),
        ("filter[status][in]=new,paid", ["-day", "item_id"], {"status": {"in": ["new", "paid"]}}),
        ("filter[status][in]=new&filter[status][in]=paid", ["-day", "item_id"], {"status": {"in": ["new", "paid"]}}),
        ("filter[status][in]=", ["-day", "item_id"], {"status": {"in": []}}),
        ("filter[grade][in]=0,1", ["-day", "item_id"], {"grade": {"in": [0, 1]}}),
        ("filter[status][like]=1%25%25&sort=name", ["name", "item_id"], {"status": {"like": "1%%"}}),
        ("filter[name][ilike]=A%5C_%2B", ["-day", "item_id"], {"name": {"ilike": "A\\_+"}}),
        ("filter[status][is_null]=true", ["-day", "item_id"], {"status": {"is_null": True}}),
        ("filter[flag][ne]=false", ["-day", "item_id"], {"flag": {"ne": False}}),
        ("filter[tags][contains]=x,y", ["-day", "item_id"], {"tags": {"contains": ["x", "y"]}}),
        ("filter[details][contains]=%7B%22a%22%3A1%7D", ["-day", "item_id"], {"details": {"contains": {"a": 1}}}),
        ("filter=%7B%22total%22%3A%7B%22gt%22%3A1%7D%7D", ["-day", "item_id"], {"total": {"gt": 1}}),
        ("filter[during][contains]=[2,3)", ["-day", "item_id"], {"during": {"contains": "[2,3)"}}),
        ("filter[placed_at][gt]=2026-01-01T00:00:00Z&limit=3", ["-day", "item_id"],
         {"placed_at": {"gt": "2026-01-01T00:00:00Z"}}),
    ],
)  # fmt: skip
def test_the_url_says_what_json_says(
    function: Function, connection: psycopg.Connection[Any], query: str, order: list[str], filters: Any
) -> None:
    expected = [json.loads(row) for row in plain_rows(connection, _ITEMS, order, filters)]
    assert follow(function, query) == expected
    sort = [name for name in order if name.removeprefix("-") not in ("item_id", "day")]
    direct = call(function, "paged", {"sort": sort, "filter": filters, "limit": 100})
    assert direct["data"] == expected


def test_a_count_is_asked_for(function: Function) -> None:
    assert function.http("GET", "/items", query="count=exact&limit=2").json["total"] == 41
    assert "total" not in function.http("GET", "/items", query="limit=2").json
    empty = function.http("GET", "/items", query="count=exact&filter[grade][gt]=9").json
    assert empty == {"data": [], "next": None, "total": 0}


def test_the_total_of_a_page_behind_the_last_row_is_that_of_all(function: Function) -> None:
    last = call(function, "paged", {"sort": ["grade"], "limit": 40, "count": "exact"})
    after = call(function, "paged", {"sort": ["grade"], "cursor": last["next"], "count": "exact"})
    assert (last["total"], after["total"], len(after["data"])) == (41, 41, 1)
    narrowed = {"sort": ["grade"], "cursor": last["next"], "count": "exact", "filter": {"item_id": {"lt": 3}}}
    assert call(function, "paged", narrowed) == {"data": [], "next": None, "total": 2}


def test_a_link_keeps_the_query_and_is_for_get_alone(function: Function) -> None:
    name = quote('a b>;"', safe="")
    kept = f"sort=-total&filter[name][ne]={name}&limit=2"
    response = function.http("GET", "/items", query=kept)
    cursor = response.json["next"]
    assert response.headers["link"] == f'</items?{kept}&cursor={cursor}>; rel="next"'
    further = function.http("GET", "/items", query=f"c%75rsor={cursor}&{kept}")
    cursor = further.json["next"]
    assert further.headers["link"] == f'</items?{kept}&cursor={cursor}>; rel="next"'
    assert function.http("HEAD", "/items", query=kept).headers["link"] == response.headers["link"]
    assert "link" not in function.http("POST", "/operations/paged", body={"limit": 2}).headers
    assert "link" not in function.http("GET", "/items", query=f"limit=2&filter[name][ne]={'x' * 4096}").headers


def test_a_link_cannot_be_broken_out_of(function: Function) -> None:
    response = function.http("GET", "/items", query='limit=2&filter[name][ne]=>; rel="x"\r\né')
    assert response.status == 200
    link = response.headers["link"]
    assert link.isascii()
    assert not re.search(r'[\s">]', link.removesuffix('>; rel="next"'))


@pytest.mark.parametrize(
    ("query", "pointers"),
    [
        ("sort=colour", ["/sort/0"]),
        ("sort=total,-total", ["/sort/1"]),
        ("sort=--total", ["/sort/0"]),
        ("sort=", []),
        ("sort=total%20DESC", ["/sort/0"]),
        ("sort=total;DROP", ["/sort/0"]),
        ("sort=1", ["/sort/0"]),
        ("sort[total]=1", ["/sort[total]"]),
        ("filter[colour][eq]=1", ["/filter/colour"]),
        ("filter[total][like]=1", ["/filter/total/like"]),
        ("filter[total][gte]=x", ["/filter/total/gte"]),
        ("filter[total][gte]=1&filter[total][gte]=2", ["/filter/total/gte"]),
        ("filter[total]=1", ["/filter/total"]),
        ("filter[total]=1&filter[total][gte]=1", ["/filter/total/gte"]),
        ("filter=1", ["/filter"]),
        ("filter=%7B", ["/filter"]),
        ("filter=%7B%22total%22%3A%7B%7D%7D&filter[total][gte]=1&filter[total][gte]=2", ["/filter/total/gte"]),
        ("filter[total][gte][x]=1", ["/filter[total][gte][x]"]),
        ("filter[total][in][]=1", ["/filter[total][in][]"]),
        ("filter[[total]][gte]=1", ["/filter[[total]][gte]"]),
        ("filter[]=1", ["/filter/"]),
        ("filter[][]=1", ["/filter/"]),
        ("filter[grade][eq]=70000", ["/filter/grade/eq"]),
        ("filter[grade][in]=1,x", ["/filter/grade/in/1"]),
        ("filter[mood][eq]=glad", ["/filter/mood/eq"]),
        ("filter[uid][eq]=1", ["/filter/uid/eq"]),
        ("filter[flag][is_null]=maybe", ["/filter/flag/is_null"]),
        ("filter[name][eq]=%00", ["/filter/name/eq"]),
        ("filter[name][like]=a%5C", ["/filter/name/like"]),
        ("filter[day][eq]=2026-02-30", ["/filter/day/eq"]),
        ("filter[raw][eq]=1", ["/filter/raw/eq"]),
        ("filter[spot][eq]=(1,1)", ["/filter/spot/eq"]),
        ("filter[area][eq]=(1,1),(0,0)", ["/filter/area/eq"]),
        ("count=estimated", ["/count"]),
        ("cursor=x", ["/cursor"]),
        ("sort=colour&filter[colour][eq]=1&limit=0&count=2", ["/count", "/filter/colour", "/limit", "/sort/0"]),
    ],
)
def test_what_no_list_has_is_refused_by_its_place(function: Function, query: str, pointers: list[str]) -> None:
    response = function.http("GET", "/items", query=query)
    assert (response.status == 400) == bool(pointers)
    told = response.json.get("errors", [])
    assert sorted({flaw["pointer"] for flaw in told}) == pointers, response.text
    assert {flaw["in"] for flaw in told} <= {"query"}


@pytest.mark.parametrize(
    ("query", "detail"),
    [
        ("filter[total]=1", "must be an object: write filter[total][eq]=…"),
        ("filter[details]=x", "must be an object: write filter[details][eq]=…"),
        ("filter=1", "must be an object or null: write filter[item_id][eq]=…"),
        ("filter=total", "is not JSON at line 1, column 1: write filter[item_id][eq]=…"),
        ("filter[total]=1&filter=2", "is in the query already"),
        ("filter[colour]=1", "is not known here"),
    ],
)
def test_a_filter_without_its_operator_is_told_with_one(function: Function, query: str, detail: str) -> None:
    (flaw,) = function.http("GET", "/items", query=query).json["errors"]
    assert flaw["detail"] == detail


@pytest.mark.parametrize(("value", "words"), [("x", "what its type asks for"), ("[5,1)", "ends before it begins")])
def test_a_filter_s_value_that_postgresql_refuses_is_pointed_at(function: Function, value: str, words: str) -> None:
    response = function.http("GET", "/items", query=f"filter[during][lt]={quote(value)}&filter[name][eq]=a")
    (flaw,) = response.json["errors"]
    assert (response.status, flaw["pointer"], flaw["in"]) == (400, "/filter/during/lt", "query")
    assert words in flaw["detail"]
    assert "SQLSTATE" not in response.json["detail"]


def test_a_cursor_is_one_of_the_sort_that_it_was_made_under(function: Function) -> None:
    def asked(sort: str, cursor: str) -> Response:
        return function.http("GET", "/items", query=f"sort={sort}&cursor={cursor}&limit=2")

    by_total = function.http("GET", "/items", query="sort=-total&limit=2").json["next"]
    plain = function.http("GET", "/items", query="limit=2").json["next"]
    assert asked("-total", by_total).status == 200
    assert function.http("GET", "/items", query=f"sort=-day,item_id&cursor={plain}").status == 400
    for sort, cursor in [("total", by_total), ("-total,status", by_total), ("-total", plain), ("", by_total)]:
        (flaw,) = asked(sort, cursor).json["errors"]
        assert (flaw["pointer"], flaw["in"]) == ("/cursor", "query")
        assert "another order" in flaw["detail"]


def test_a_forged_cursor_asks_for_another_place_and_nothing_else(function: Function) -> None:
    for forged in ("W251bGwsbnVsbF0", "WyJ4IiwieSJd"):  # [null,null] and ["x","y"]
        response = function.http("GET", "/items", query=f"cursor={forged}")
        assert response.status in (200, 400)


def test_a_body_may_say_it_too(function: Function) -> None:
    body = {"sort": ["-total"], "filter": {"total": {"gt": 2.5}}}
    assert len(function.http("POST", "/items/search", body=body).json["data"]) > 10
    both = function.http("POST", "/items/search", query="filter[total][gt]=1", body=body)
    assert both.json["errors"] == [{"pointer": "/filter", "detail": "is in the query already", "in": "body"}]
    wrong = function.http("POST", "/items/search", query="filter[total][gt]=1&filter[x][gt]=1&sort=-total")
    assert wrong.json["errors"] == [{"pointer": "/filter/x", "detail": "is not known here", "in": "query"}]
    wrong = function.http("POST", "/items/search", body={"filter": {"x": {}}})
    assert [flaw["in"] for flaw in wrong.json["errors"]] == ["body"]


def test_an_operation_without_a_list_knows_nothing_of_one(function: Function) -> None:
    response = function.http("GET", "/whole", query="limit=1&count=exact&cursor=x&sort=total")
    assert sorted(flaw["pointer"] for flaw in response.json["errors"]) == ["/count", "/cursor", "/limit"]


_TEXTS = st.text(max_size=12) | st.sampled_from(
    ["total", "-total", "gte", "1", "'", '"', "\\", ";--", "[", "]", "NULL"]
)
_PAIRS = st.lists(
    st.tuples(
        st.sampled_from(["sort", "count", "cursor", "filter", "filter[total][gte]", "filter[name][like]"])
        | st.builds("filter[{}][{}]".format, _TEXTS, _TEXTS)
        | st.builds("sort[{}]".format, _TEXTS),
        _TEXTS,
    ),
    max_size=5,
)
_KEEPING = settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None)


@pytest.mark.slow
@settings(_KEEPING, max_examples=40)
@given(_PAIRS)
def test_no_query_breaks_it(function: Function, pairs: list[tuple[str, str]]) -> None:
    _ask(function, pairs)


@pytest.mark.long
@settings(_KEEPING, max_examples=2_000)
@given(_PAIRS)
def test_no_query_breaks_it_at_length(function: Function, pairs: list[tuple[str, str]]) -> None:
    _ask(function, pairs)


def _ask(function: Function, pairs: list[tuple[str, str]]) -> None:
    response = function.http("GET", "/items", query=urlencode(pairs, errors="replace"))
    assert response.status in (200, 400), response.text
    if response.status == 400:
        assert response.json["code"] == "InvalidParameters"
        assert "SELECT" not in response.text


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | _TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXTS, inner, max_size=3),
    max_leaves=6,
)
_PARAMETERS = st.fixed_dictionaries(
    {},
    optional={
        "sort": _JSON | st.lists(st.sampled_from(["total", "-total", "name"])),
        "filter": _JSON | st.dictionaries(st.sampled_from(["total", "name", "details", "tags", "during"]), _JSON),
        "count": _JSON,
        "cursor": _JSON,
    },
)


@pytest.mark.slow
@settings(_KEEPING, max_examples=40)
@given(_PARAMETERS)
def test_no_parameters_break_it(function: Function, parameters: dict[str, Any]) -> None:
    _give(function, parameters)


@pytest.mark.long
@settings(_KEEPING, max_examples=2_000)
@given(_PARAMETERS)
def test_no_parameters_break_it_at_length(function: Function, parameters: dict[str, Any]) -> None:
    _give(function, parameters)


def _give(function: Function, parameters: dict[str, Any]) -> None:
    try:
        answer = call(function, "paged", parameters)
    except InvalidParameters as error:
        answer = {"data": error.detail, "next": None}
    assert "SELECT" not in json.dumps(answer)


def test_csv_has_the_number_in_a_header(function: Function) -> None:
    response = function.http("GET", "/items", query="count=exact&limit=2", headers={"accept": "text/csv"})
    assert (response.headers["x-total-count"], response.text.count("\r\n")) == ("41", 3)
    uncounted = function.http("GET", "/items", query="limit=2", headers={"accept": "text/csv"})
    assert "x-total-count" not in uncounted.headers
    assert uncounted.headers["etag"] != response.headers["etag"]
    assert "x-total-count" not in function.http("GET", "/items", query="count=exact").headers
    for accept, lines in (("text/csv", 3), ("application/x-ndjson", 2)):
        named = {"count": "exact", "limit": 2}
        by_name = function.http("POST", "/operations/paged", body=named, headers={"accept": accept})
        assert (by_name.headers["x-total-count"], by_name.text.count("\n")) == ("41", lines)
