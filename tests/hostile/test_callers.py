"""Whatever a caller sends, the answer is its own fault at once: no 5xx, no SQL, no value, no trace, in a second.

The long form, with another seed: make hostile SEED=7
"""

import json
import os
import sys
from random import Random
from resource import RUSAGE_SELF, getrusage
from time import thread_time
from typing import Any

import pytest

from handler.contract.errors import InvalidParameters, OperationError, QueryFailed
from tests.hostile.conftest import Target
from tests.hostile.every_type import OWN_MISTAKES
from tests.hostile.hostility import SECRET, Hostility
from tests.support.log import kept_log

MOST_SECONDS = 1.0 if sys.gettrace() is None else 4.0
"""A tracer that counts branches costs a multiple of what it watches."""
MOST_MEGABYTES = 200
_NEVER_TOLD = ("row_to_json", "SELECT ", "Traceback", SECRET)

SEED = int(os.environ.get("HOSTILE_SEED", "1"))
REQUESTS = int(os.environ.get("HOSTILE_REQUESTS", "20000"))


def answered(target: Target, event: Any) -> tuple[int, str]:
    """The status of what a caller is told, and the text of it; a failure of a direct call is one like an HTTP one."""
    try:
        answer = json.loads(target.function.raw(event))
    except OperationError as error:
        return error.status, f"{error} {error.detail}"
    return answer.get("statusCode", 200), answer["body"] if "statusCode" in answer else ""


def assault(target: Target, seed: int, requests: int) -> list[str]:
    """Send requests, and return what was wrong with the answers."""
    hostility = Hostility(seed)
    operations = list(target.operations.values())
    wrong = []
    for number in range(requests):
        operation = operations[(number * 7919 + seed) % len(operations)]
        event = hostility.request(operation) if number % 2 else hostility.event(operation)
        before = thread_time()
        status, text = answered(target, event)
        seconds = thread_time() - before
        if status >= 500 or seconds > MOST_SECONDS or (status >= 400 and any(each in text for each in _NEVER_TOLD)):
            wrong.append(f"{operation.name}: {status} in {seconds:.2f} s: {text[:300]}: {ascii(event)[:1000]}")
    return wrong


def check(target: Target, seed: int, requests: int) -> None:
    before = getrusage(RUSAGE_SELF).ru_maxrss
    with kept_log() as log:
        wrong = assault(target, seed, requests)
    # The peak of all of them together, which the peak of any one does not exceed.
    assert (getrusage(RUSAGE_SELF).ru_maxrss - before) / 1024 < MOST_MEGABYTES
    assert not wrong, f"{len(wrong)} of {requests}\n" + "\n".join(wrong[:20])
    logged = log.getvalue()
    assert logged.count('"outcome"') > requests / 2
    assert not any(each in logged for each in _NEVER_TOLD)


_SEEDS_AND_REQUESTS = pytest.mark.parametrize(
    ("seed", "requests"), [(SEED, 250), pytest.param(SEED + 1, 250, marks=pytest.mark.slow)]
)


@_SEEDS_AND_REQUESTS
def test_a_function_of_every_type_is_no_callers_to_break(every: Target, seed: int, requests: int) -> None:
    check(every, seed, requests)


@pytest.mark.early
@_SEEDS_AND_REQUESTS
def test_the_example_is_no_callers_to_break(shop: Target, seed: int, requests: int) -> None:
    check(shop, seed, requests)


@_SEEDS_AND_REQUESTS
def test_a_warehouse_is_no_callers_to_break(warehouse: Target, seed: int, requests: int) -> None:
    check(warehouse, seed, requests)


@pytest.mark.parametrize("operation", OWN_MISTAKES)
def test_an_authors_mistake_is_none_of_the_callers(every: Target, operation: str) -> None:
    with pytest.raises(QueryFailed) as failure:
        every.function.task(operation, name="a")
    assert failure.value.sqlstate in ("42P01", "42601")


@pytest.mark.parametrize(
    ("operation", "parameters", "sqlstate"),
    [
        ("value.tsquery", {"v": "a b"}, "42601"),
        ("value.jsonpath", {"v": "$["}, "42601"),
        ("value.ltree", {"v": "a..b"}, "42601"),
        ("value.lquery", {"v": "!"}, "42601"),
        ("value.seg", {"v": "x"}, "42601"),
        ("value.regclass", {"v": "no_such"}, "42P01"),
        ("value.regclass", {"v": "no.such"}, "3F000"),
        ("value.regtype", {"v": "no_such"}, "42704"),
        ("value.regtype", {"v": "a("}, "42601"),
        ("value.regconfig", {"v": '"'}, "42602"),
        ("value.regoper", {"v": "&"}, "42725"),
        ("value.regproc", {"v": "no_such"}, "42883"),
        ("value.xml", {"v": "<a/>"}, "0A000"),
        ("value.tsquery", {"v": "(" * 20_000}, "54001"),
        ("use.search", {"words": "-" * 33}, "XX000"),
        ("use.query", {"words": "a b"}, "42601"),
        ("use.upsert", {"ids": [1, 1]}, "21000"),
        ("use.repeated", {"text": "x" * 1000, "times": 2_000_000}, "54000"),
    ],
)
def test_what_a_value_causes_is_told_of_the_value(
    every: Target, operation: str, parameters: dict[str, Any], sqlstate: str
) -> None:
    with pytest.raises(InvalidParameters, match="PostgreSQL refuses the values") as failure:
        every.function.task(operation, **parameters)
    assert failure.value.sqlstate == sqlstate


@pytest.mark.parametrize(
    ("operation", "parameters", "sqlstate"),
    [
        ("warehouse.merge", {"shelf_id": 1, "path": "("}, "42601"),
        ("warehouse.merge", {"shelf_id": 1, "path": "a" * 2000}, "42622"),
        ("warehouse.related", {"name": "no_such"}, "42P01"),
        ("warehouse.related", {"name": "no_such.relation"}, "3F000"),
        ("warehouse.related", {"name": '"'}, "42602"),
        ("warehouse.related", {"name": 'No_Such . "Relation"'}, "3F000"),
        ("warehouse.related", {"name": "n" * 100}, "42P01"),
        ("warehouse.operator", {"name": "pg_catalog.&&&&"}, "42883"),
        ("warehouse.operator", {"name": "+"}, "42725"),
        ("warehouse.operator", {"name": ";"}, "42883"),
        ("warehouse.operator", {"name": "a.b.c.+"}, "42601"),
        ("warehouse.related", {"name": "a.b.c"}, "0A000"),
    ],
)
def test_a_value_is_told_from_code_of_the_projects_own(
    warehouse: Target, operation: str, parameters: dict[str, Any], sqlstate: str
) -> None:
    assert warehouse.operations[operation].own_code
    with pytest.raises(InvalidParameters, match="PostgreSQL refuses the values") as failure:
        warehouse.function.task(operation, **parameters)
    assert failure.value.sqlstate == sqlstate


def test_a_name_that_is_too_long_for_its_index_is_the_callers(every: Target) -> None:
    chance = Random(1)  # noqa: S311 (a text that does not compress, and the same in every run)
    with pytest.raises(InvalidParameters) as failure:
        every.function.task("use.add", name="".join(chance.choices("abcdefghijklmnopqrstuvwxyz0123456789", k=9000)))
    assert failure.value.sqlstate == "54000"


@pytest.mark.long
def test_a_function_of_every_type_stands_long(every: Target) -> None:
    check(every, SEED, REQUESTS)


@pytest.mark.long
def test_the_example_stands_long(shop: Target) -> None:
    check(shop, SEED, REQUESTS)


@pytest.mark.long
def test_a_warehouse_stands_long(warehouse: Target) -> None:
    check(warehouse, SEED, REQUESTS)
