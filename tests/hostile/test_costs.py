"""No single request takes more than a second of the processor's time, or 200 MB above what the idle function has."""

import gc
import json
import sys
from collections.abc import Callable
from pathlib import Path
from time import thread_time
from typing import Any

import pytest

from tests.hostile.conftest import Target
from tests.hostile.test_callers import MOST_SECONDS, answered
from tests.support.function import function_url_event

MOST_BYTES = 200 * 1024 * 1024
_BODY = 4 * 1024 * 1024 - 1000
_STATUS, _PEAK = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def _list(element: str) -> str:
    return f"[{','.join([element] * (_BODY // (len(element) + 1)))}]"


# As large as a body may be, and each a kind of its own: what is to be parsed, checked, explained and written.
VALUES: dict[str, Callable[[], str]] = {
    "ones": lambda: _list("1"),
    "exponents": lambda: _list("1e1"),
    "eighteen digits": lambda: _list("1" * 18),
    "brackets in texts": lambda: _list('"[,"'),
    "as many as are taken": lambda: f"[{','.join(['1.5'] * 250_000)}]",
    "as many exponents as are taken": lambda: f"[{','.join(['1.5e3'] * 250_000)}]",
    "as many quotes as are taken": lambda: "[" + ",".join([r'"\""'] * 250_000) + "]",
    "a mixture": lambda: "[" + ",".join(['1,1.5,"a",null,true,[],{}'] * 35_700) + "]",
    "fractions": lambda: _list("1.5"),
    "short texts": lambda: _list('"a"'),
    "quotes": lambda: _list('"\\""'),
    "nulls": lambda: _list("null"),
    "empty lists": lambda: _list("[]"),
    "empty objects": lambda: _list("{}"),
    "deep lists": lambda: _list("[" * 200 + "]" * 200),
    "most lists": lambda: "[" + ",".join(["[1]"] * 249_000) + "]",
    "most rows": lambda: "[" + ",".join(['{"x":1,"y":2}'] * 249_000) + "]",
    "rows of another kind": lambda: "[" + ",".join(['{"a":"b"}'] * 249_000) + "]",
    "the last is wrong": lambda: "[" + "1," * (_BODY // 2 - 10) + '"x"]',
    "another last is wrong": lambda: "[" + '"a",' * (_BODY // 4 - 10) + "{}]",
    "distinct numbers": lambda: "[" + ",".join(map(str, range(500_000))) + ",null]",
    "numbers of one hash": lambda: "[" + ",".join(str(n * (2**61 - 1)) for n in range(10**6, 10**6 + 150_000)) + "]",
    "names": lambda: "{" + ",".join(f'"{n}":"x"' for n in range(290_000)) + "}",
    "a long text": lambda: '"' + "a" * _BODY + '"',
    "a long text of escapes": lambda: '"' + "\\\\" * (_BODY // 2) + '"',
    "zeros and an x": lambda: '"' + "1" * _BODY + 'x"',
    "bytes": lambda: '"\\\\x' + "0a" * (_BODY // 2 - 10) + '"',
    "bytes and an x": lambda: '"\\\\x' + "0a" * (_BODY // 2 - 10) + 'x"',
    "a bomb": lambda: "[" + ",".join(["1e131071"] * 8500) + "]",
    "a bomb in strings": lambda: "[" + ",".join(['"1e131071"'] * 8500) + "]",
    "a bomb in ranges": lambda: '"[1e131071,1e131071]' + " " * 100 + '"',
    "large numbers": lambda: "[" + ",".join(["7" * 131_000] * 31) + "]",
    "almost a pattern": lambda: '"' + "ab1" * (_BODY // 3) + '!"',
}
OPERATIONS = [
    *("value.text", "value.int4", "value.numeric", "value.jsonb", "value.json", "value.bytea", "value.hstore"),
    *("value.numrange", "value.uuid", "value.point3", "list.text", "list.int4", "list.numeric", "list.float8"),
    *("list.bool", "list.jsonb", "list.point3", "list.uuid", "grid.int4", "grid.text", "checked.unique"),
    *("checked.one_of", "checked.any_of", "checked.multiple", "checked.contains", "checked.named", "checked.matched"),
    *("checked.address", "checked.mail", "checked.expression", "checked.few", "checked.not"),
]
# Those that took the longest, or the most, of all before they were mended.
WORST = [
    ("zeros and an x", "value.numeric"),
    ("distinct numbers", "checked.unique"),
    ("numbers of one hash", "checked.unique"),
    ("ones", "list.int4"),
    ("ones", "checked.few"),
    ("large numbers", "checked.multiple"),
    ("another last is wrong", "checked.one_of"),
    ("rows of another kind", "list.point3"),
    ("a bomb in strings", "list.numeric"),
    ("bytes and an x", "value.bytea"),
]


def measured(target: Target, make: Callable[[], Any]) -> tuple[int, str, float, int]:
    """The status and text of the answer to an event, the seconds and the bytes above idle that it took."""
    gc.collect()
    gc.freeze()  # so that the next such collection has little to look at
    event = make()  # not earlier: the collection would look at each of its million members
    _PEAK.write_text("5")  # proc(5): the peak of the resident memory is counted anew
    idle = _memory("VmRSS")
    before = thread_time()
    status, text = answered(target, event)
    return status, text, thread_time() - before, _memory("VmHWM") - idle


def _memory(name: str) -> int:
    line = next(line for line in _STATUS.read_text().splitlines() if line.startswith(name))
    return int(line.split()[1]) * 1024


def check_event(target: Target, make: Callable[[], Any]) -> None:
    status, text, seconds, size = measured(target, make)
    assert status < 500, text[:1000]
    assert len(text) < 20_000 or status == 200
    assert seconds < MOST_SECONDS, (status, text[:300])
    assert size < MOST_BYTES, (status, text[:300])


def check(target: Target, value: str, operation: str) -> None:
    def make() -> Any:
        body = f'{{"v":{VALUES[value]()}}}'
        headers = {"content-type": "application/json"}
        return function_url_event("POST", f"/operations/{operation}", "", body, headers, is_base64=False)

    check_event(target, make)


pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the peak of the memory is Linux's to tell")


@pytest.mark.slow
@pytest.mark.parametrize(("value", "operation"), WORST)
def test_the_worst_requests_cost_little(every: Target, value: str, operation: str) -> None:
    check(every, value, operation)


# Not a test of each pair: to collect a thousand more takes a tenth of all collecting, in every run.
@pytest.mark.long
@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_large_request_costs_little(every: Target, operation: str, subtests: pytest.Subtests) -> None:
    for value in VALUES:
        with subtests.test(value=value):
            check(every, value, operation)


@pytest.mark.slow
def test_what_was_refused_leaves_the_function_as_it_was(every: Target) -> None:
    check(every, "ones", "checked.unique")
    assert json.loads(every.function.raw({"operation": "value.int4", "parameters": {"v": 1}})) == {"data": 1}
