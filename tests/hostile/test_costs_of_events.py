"""No event of 6 MB costs much either, wherever it is large: headers, path, query string, list, file, direct call."""

import json
import sys
from base64 import b64encode
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from handler.contract.limits import LAMBDA_PAYLOAD_BYTES
from tests.hostile.conftest import Target
from tests.hostile.test_costs import check_event
from tests.support.function import function_url_event

_EVENT = LAMBDA_PAYLOAD_BYTES - 4000
_URL = 1024 * 1024 - 100
_HEADERS = 63 * 1024
_JSON = {"content-type": "application/json"}

Make = Callable[[], Any]


def _times(piece: str, size: int) -> str:
    return piece * (size // len(piece))


def _get(path: str, query: str = "", **headers: str) -> dict[str, Any]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return function_url_event("GET", path, query, None, named, is_base64=False)


def _post(path: str, body: str, method: str = "POST", **headers: str) -> dict[str, Any]:
    named = _JSON | {name.replace("_", "-"): value for name, value in headers.items()}
    return function_url_event(method, path, "", body, named, is_base64=False)


def _base64(content: bytes) -> dict[str, Any]:
    return function_url_event("POST", "/operations/value.bytea", "", b64encode(content).decode(), _JSON, is_base64=True)


def _direct(operation: str, **parameters: Any) -> dict[str, Any]:
    return {"operation": operation, "parameters": parameters}


def _nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


_HEADERS_THAT_ARE_READ = (
    *("accept", "accept-encoding", "if-none-match", "if-match", "prefer", "authorization", "x-api-key", "origin"),
    *("idempotency-key", "content-type", "content-encoding", "range", "cookie", "x-forwarded-for"),
)
_HEADER_PIECES = {
    "entries": 'a/b;q=0.1,"x",W/"y", ',
    "quotes": '"',
    "escaped quotes": '\\"',
    "an open quote": '"\\"\\\\',
    "spaces": " ",
    "commas": ",",
    "semicolons": "; q = 0",
    "dots": "eyJhIjoxfQ.",
    "bearers": "bearer ",
    "tags": '"1",',
}

URLS: dict[str, Make] = {
    "long path": lambda: _get("/" + "a" * _URL),
    "path of segments": lambda: _get("/" + _times("a/", _URL)),
    "path of escapes": lambda: _get("/" + _times("%41", _URL)),
    "path of half characters": lambda: _get("/" + _times("%c3", _URL)),
    "path of percent signs": lambda: _get("/" + "%" * _URL),
    "path with dots": lambda: _get("/items" + _times(".csv", _URL)),
    "longer than a URL may be": lambda: _get("/" + "a" * _EVENT),
    "many parameters": lambda: _get("/items", "&".join(f"p{n}=1" for n in range(_URL // 8))),
    "one parameter, many times": lambda: _get("/items", _times("limit=1&", _URL)),
    "no names": lambda: _get("/items", _times("=&", _URL)),
    "ampersands": lambda: _get("/items", "&" * _URL),
    "deep names": lambda: _get("/items", _times("filter[name][eq]=a&", _URL)),
    "brackets": lambda: _get("/items", "filter" + "[" * _URL + "=1"),
    "pairs of brackets": lambda: _get("/items", "filter" + "[]" * (_URL // 2 - 10) + "=1"),
    "many deep names": lambda: _get("/items", "&".join(f"filter[n{n}][eq]=1" for n in range(_URL // 22))),
    "pluses": lambda: _get("/items", "cursor=" + "+" * _URL),
    "sorts": lambda: _get("/items", "sort=" + _times("-name,", _URL)),
    "filter in": lambda: _get("/items", "filter[item_id][in]=" + _times("1,", _URL)),
    "filter in, of texts": lambda: _get("/items", "filter[name][in]=" + _times("%22,", _URL)),
    "a long list": lambda: _get("/list/int4", "v=" + _times("1,", _URL)),
    "a long list of texts": lambda: _get("/list/text", "v=" + _times("a,", _URL)),
    "a list of many parameters": lambda: _get("/list/text", _times("v=a&", _URL)),
    "a list of numbers that are none": lambda: _get("/list/int4", "v=" + _times("x,", _URL)),
    "a list of exponents": lambda: _get("/list/numeric", "v=" + _times("1e9,", _URL)),
    "a number": lambda: _get("/value/numeric", "v=" + "9" * _URL),
    "a number with an exponent": lambda: _get("/value/numeric", "v=1e" + "9" * _URL),
    "json": lambda: _get("/value/jsonb", "v=[" + _times("1e9,", _URL) + "1]"),
    "json of brackets": lambda: _get("/value/jsonb", "v=" + "[" * _URL),
    "a cursor": lambda: _get("/items", "cursor=" + b64encode(b"[" + b"1," * 300_000 + b"1]").decode().rstrip("=")),
    "a cursor of brackets": lambda: _get("/items", "cursor=" + b64encode(b"[" * 600_000).decode()),
    "a cursor of lists": lambda: _get("/items", "cursor=" + b64encode(b"[[]" + b",[]" * 250_000 + b"]").decode()),
}
BODIES: dict[str, Make] = {
    "not base64": lambda: _base64(b"") | {"body": "!" * _EVENT},
    "bytes that are no text": lambda: _base64(b"\xff" * 4_000_000),
    "zeros": lambda: _base64(b"\0" * 4_000_000),
    "more than a body may be": lambda: _post("/operations/value.jsonb", '{"v":[' + _times("1,", _EVENT) + "1]}"),
    "a bomb of gzip": lambda: (
        _base64(b"\x1f\x8b" + b"\0" * 4_000_000) | {"headers": _JSON | {"content-encoding": "gzip"}}
    ),
    "names that are not known": lambda: _post(
        "/operations/value.int4", "{" + ",".join(f'"n{n}":1' for n in range(240_000)) + "}"
    ),
    "a name twice behind many": lambda: _post(
        "/operations/value.jsonb", '{"v":{' + ",".join(f'"{n}":1' for n in range(240_000)) + ',"1":2}}'
    ),
    "a long name": lambda: _post("/operations/value.int4", '{"' + "n" * 4_000_000 + '":1}'),
    "an operation's long name": lambda: _post("/operations/" + "n" * 1_000_000, "{}"),
    "surrogates": lambda: _post("/operations/value.text", '{"v":"' + _times("\\ud800", 4_000_000) + '"}'),
    "combining marks": lambda: _post("/operations/value.text", '{"v":"' + "\u0301" * 1_300_000 + '"}'),
    "a cursor of megabytes": lambda: _post("/operations/use.list", json.dumps({"cursor": "W1tdL" * 800_000})),
    "sorts": lambda: _post("/operations/use.list", json.dumps({"sort": ["-name"] * 240_000})),
    "sorts that are not known": lambda: _post("/operations/use.list", json.dumps({"sort": ["x"] * 240_000})),
    "columns that are not known": lambda: _post(
        "/operations/use.list", json.dumps({"filter": {f"n{n}": {"eq": 1} for n in range(150_000)}})
    ),
    "operators that are not known": lambda: _post(
        "/operations/use.list", json.dumps({"filter": {"name": {f"n{n}": 1 for n in range(200_000)}}})
    ),
    "a filter of many": lambda: _post(
        "/operations/use.list", json.dumps({"filter": {"name": {"in": ["a"] * 240_000}}})
    ),
    "rows of a file": lambda: _post("/items/rows", '{"rows":[' + ",".join(['{"id":1,"name":"a"}'] * 120_000) + "]}"),
    "rows of other types": lambda: _post("/items/rows", '{"rows":[' + ",".join(['{"id":"x"}'] * 240_000) + "]}"),
    "a change of unknown columns": lambda: _post(
        "/items/1", "{" + ",".join(f'"n{n}":1' for n in range(240_000)) + "}", "PATCH"
    ),
    "a form": lambda: _post("/items/rows", "a=1&" * 1_000_000, content_type="application/x-www-form-urlencoded"),
    "parts": lambda: _post("/items/rows", "--x\r\n" * 800_000, content_type="multipart/form-data; boundary=x"),
    "lines": lambda: _post("/items/rows", "1,2\n" * 1_000_000, content_type="text/csv"),
}
DIRECT: dict[str, Make] = {
    "ones": lambda: _direct("list.int4", v=[1] * 3_000_000),
    "fractions": lambda: _direct("list.numeric", v=[1.5] * 1_500_000),
    "as many as are taken": lambda: _direct("list.numeric", v=[1.5] * 250_000),
    "texts that are quoted": lambda: _direct("list.jsonb", v=['"'] * 250_000),
    "texts": lambda: _direct("list.text", v=["a"] * 1_500_000),
    "lists": lambda: _direct("value.jsonb", v=[[]] * 2_000_000),
    "large whole numbers": lambda: _direct("value.numeric", v=[10**4000] * 1400),
    "one large whole number": lambda: _direct("value.numeric", v=10**4000),
    "names": lambda: _direct("value.jsonb", v={f"n{n}": 1 for n in range(240_000)}),
    "deep": lambda: _direct("value.jsonb", v=_nested(900)),
    "deep claims": lambda: _direct("value.int4", v=1) | {"claims": {"a": _nested(900)}},
    "many claims": lambda: _direct("value.int4", v=1) | {"claims": {f"n{n}": 1 for n in range(500_000)}},
    "a long subject": lambda: _direct("value.int4", v=1) | {"claims": {"sub": "s" * _EVENT}},
    "a long operation": lambda: _direct("o" * _EVENT),
    "a long key": lambda: _direct("use.add", name="a") | {"idempotency_key": "k" * _EVENT},
    "a long tag": lambda: _direct("use.change", item_id=1) | {"if_match": "t" * _EVENT},
    "unknown members": lambda: _direct("value.int4", v=1) | {f"n{n}": 1 for n in range(500_000)},
    "no event": lambda: [[]] * 2_000_000,
    "a text": lambda: "x" * _EVENT,
    "headers": lambda: _get("/items") | {"headers": {f"h{n}": "1" for n in range(400_000)}},
    "a long header": lambda: _get("/items", accept="a," * (_EVENT // 2)),
    "cookies": lambda: _get("/items") | {"cookies": ["a=1"] * 800_000},
    "a long method": lambda: _get("/items") | {"requestContext": {"http": {"method": "G" * _EVENT}}},
}
WORST: dict[str, Make] = {
    "an open quote in Accept": lambda: _get("/items", accept=_times('\\"', _HEADERS)),
    **{name: URLS[name] for name in ("a long list of texts", "sorts", "many parameters")},
    **{name: BODIES[name] for name in ("a name twice behind many", "operators that are not known")},
    **{name: DIRECT[name] for name in ("ones", "texts that are quoted", "headers")},
}

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the peak of the memory is Linux's to tell")


@pytest.mark.slow
@pytest.mark.parametrize("name", WORST)
def test_the_worst_events_cost_little(every: Target, name: str) -> None:
    check_event(every, WORST[name])


@pytest.mark.long
@pytest.mark.parametrize(
    "make", [pytest.param(make, id=name) for events in (URLS, BODIES, DIRECT) for name, make in events.items()]
)
def test_no_event_costs_much(every: Target, make: Make) -> None:
    check_event(every, make)


@pytest.mark.long
@pytest.mark.parametrize("header", _HEADERS_THAT_ARE_READ)
def test_no_header_costs_much(every: Target, header: str, subtests: pytest.Subtests) -> None:
    for name, piece in _HEADER_PIECES.items():
        value = _times(piece, _HEADERS)
        with subtests.test(piece=name):
            check_event(every, partial(_get, "/items", "", **{header: value}))
            check_event(every, partial(_post, "/operations/use.change", '{"item_id": 1}', **{header: value}))
