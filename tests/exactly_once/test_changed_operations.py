"""The key of a call to an earlier build is answered as the later build can, whatever has changed between them."""

import csv
import io
import json
from itertools import permutations

import pytest
from psycopg.conninfo import conninfo_to_dict

from tests.exactly_once.conftest import Bank
from tests.support.compiling import compile_to_catalog
from tests.support.function import Function, Response
from tests.support.projects import write

pytestmark = pytest.mark.slow

INSERT = "INSERT INTO document (id, title, version) VALUES (:id, 'a, b', :id + 100)"
TAGGED = "-- result: one\n-- status: 201\n-- location: /documents/{id}\n-- etag: version\n"
BUILDS = {
    "row": f"-- result: one\n{INSERT} RETURNING id, title",
    "other order": f"-- result: one\n{INSERT} RETURNING title, id",
    "tagged": f"{TAGGED}{INSERT} RETURNING id, title, version",
    "tagged in another order": f"{TAGGED}{INSERT} RETURNING version, title, id",
    "perhaps a row": f"-- result: maybe\n{INSERT} RETURNING version, id",
    "rows": f"-- result: many\n{INSERT} RETURNING id, version",
    "value": f"-- result: value\n{INSERT} RETURNING version",
    "bytes": f"-- result: value\n-- format: bytes\n-- type: application/pdf\n{INSERT} RETURNING title::bytea",
    "count": INSERT,
    "nothing": f"-- result: none\n{INSERT}",
    "not kept": f"-- result: one\n-- answer: none\n{INSERT} RETURNING id",
    "steps": f"-- result: one\nSELECT 1 AS n;\n{INSERT} RETURNING title, version",
    "batch": f"-- batch: true\n{INSERT}",
}


@pytest.fixture(scope="module")
def builds(open_for_business: Bank, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Function]:
    """For each form of one operation the function that was built of it, all over one database."""
    bank, path = open_for_business, tmp_path_factory.mktemp("builds")
    database = str(conninfo_to_dict(bank.url)["dbname"])
    functions = {}
    for number, (name, text) in enumerate(BUILDS.items()):
        folder = write(path / str(number), {"store.sql": f"-- silence: [QP113, QP111]\n{text}"})
        functions[name] = Function.over(bank.emulator.url, database, compile_to_catalog(folder, bank.url)[0])
    return functions


def _call(function: Function, build: str, number: int, accept: str) -> Response:
    body = [{"id": number}] if build == "batch" else {"id": number}
    headers = {"idempotency-key": f"k{number}", "accept": accept}
    return function.http("POST", "/operations/store", body=body, headers=headers)


@pytest.mark.parametrize(
    "accept",
    [
        "application/json",
        pytest.param("text/csv, application/json;q=0.5, application/pdf;q=0.1", marks=pytest.mark.slow),
    ],
)
def test_a_later_build_answers_the_key_of_an_earlier_one(bank: Bank, builds: dict[str, Function], accept: str) -> None:
    wrong: list[tuple[object, ...]] = []
    pairs = [*permutations(BUILDS, 2), *((build, build) for build in BUILDS)]
    for number, (earlier, later) in enumerate(pairs, start=1):
        first = _call(builds[earlier], earlier, number, accept)
        assert first.status < 300, (earlier, first.text)
        second = _call(builds[later], later, number, accept)
        if second.status == 409:  # a batch of one call is another request than the call
            continue
        said = _untrue(second, number)
        if second.status >= 300 or second.headers["idempotency-replayed"] != "true" or said:
            wrong.append((earlier, later, second.status, said, second.text))
        elif earlier == later != "not kept" and _shown(first) != _shown(second):
            wrong.append((earlier, later, first.text, second.text))
    assert wrong == []
    assert bank.value("SELECT count(*) FROM document") == len(pairs)


def _shown(answer: Response) -> tuple[str, str | None, str | None]:
    return answer.text, answer.headers.get("etag"), answer.headers.get("location")


def test_direct_callers_hear_of_it_too(bank: Bank, builds: dict[str, Function]) -> None:
    for number, (earlier, later) in enumerate(permutations(BUILDS.keys() - {"batch"}, 2), start=1):
        event = {"operation": "store", "parameters": {"id": number}, "idempotency_key": f"k{number}"}
        assert builds[earlier].invoke(event).get("replayed", False) is False
        assert builds[later].invoke(event)["replayed"] is True, (earlier, later)
    assert bank.value("SELECT count(*) FROM document") == number


def _untrue(answer: Response, number: int) -> str | None:
    """What the answer says of the row that is not so."""
    true = {"id": str(number), "title": "a, b", "version": str(number + 100)}
    if answer.headers.get("etag", f'"{number + 100}"') != f'"{number + 100}"':
        return "etag"
    if answer.headers.get("location", f"/documents/{number}") != f"/documents/{number}":
        return "location"
    if answer.status == 204:
        return None
    if answer.headers["content-type"].startswith("text/csv"):
        rows = list(csv.DictReader(io.StringIO(answer.text)))
    elif answer.headers["content-type"].startswith("application/json"):
        data = json.loads(answer.text)["data"]
        rows = [row for row in (data if isinstance(data, list) else [data]) if isinstance(row, dict)]
    else:
        return None
    known = [{name: str(value) for name, value in row.items()} for row in rows]
    return None if all(row.items() <= true.items() for row in known) else f"{known}"
