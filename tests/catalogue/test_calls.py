"""Writes, result kinds, pages and filters through the handler: what is answered, and what the database then holds."""

import json
from typing import Any
from urllib.parse import urlencode

import psycopg
import pytest

from handler.contract import errors
from tests.catalogue.conftest import Call
from tests.catalogue.test_reads import http_event


def direct(call: Call, operation: str, **parameters: Any) -> Any:
    return json.loads(call({"operation": operation, "parameters": parameters}))["data"]


def http(call: Call, method: str, path: str, body: Any = None, **query: Any) -> tuple[int, Any]:
    event = http_event("", {})
    event["rawPath"] = event["requestContext"]["http"]["path"] = path
    event["requestContext"]["http"]["method"] = method
    event["rawQueryString"] = urlencode(query, doseq=True)
    event["body"] = None if body is None else json.dumps(body)
    response = json.loads(call(event))
    return response["statusCode"], json.loads(response["body"])


def value(url: str, sql: str) -> Any:
    with psycopg.connect(url) as connection:
        row = connection.execute(sql.encode()).fetchone()
    return row[0] if row else None


def test_a_write_answers_its_row(call: Call) -> None:
    status, body = http(
        call,
        "POST",
        "/departments/2/employees",
        {"name": "Zoë", "salary": "1234.50", "hired": "2024-05-01", "email": None, "skills": ["sql", 'a"b,c']},
    )
    assert status == 200, body
    assert body["data"] == {
        "dept_id": 2,
        "name": "Zoë",
        "salary": 1234.50,
        "hired": "2024-05-01",
        "email": None,
        "skills": ["sql", 'a"b,c'],
        "notes": None,
    }
    assert direct(call, "fire", name="Zoë") == [{"name": "Zoë", "salary": 1234.50}]
    assert direct(call, "fire", name="Zoë") == []


def test_all_flaws_are_reported_at_once_and_no_value_is_told(call: Call) -> None:
    status, body = http(
        call,
        "POST",
        "/departments/x/employees",
        {
            "name": 5,
            "salary": "secret",
            "hired": "2024-02-30",
            "email": "nobody",
            "skills": ["a", "bb", "cc", "dd"],
            "more": 1,
        },
    )
    assert status == 400
    assert {error["pointer"] for error in body["errors"]} == {
        "/dept_id", "/name", "/salary", "/hired", "/email", "/skills", "/skills/0", "/more",
    }  # fmt: skip
    assert "secret" not in json.dumps(body)
    assert "nobody" not in json.dumps(body)


def test_affected_counts_rows(call: Call, database_url: str) -> None:
    before = value(database_url, "SELECT sum(salary) FROM employee WHERE dept_id = 3")
    heads = value(database_url, "SELECT count(*) FROM employee WHERE dept_id = 3")
    assert direct(call, "raise_salaries", by=1.25, dept_id=3) == heads
    assert (
        float(value(database_url, "SELECT sum(salary) FROM employee WHERE dept_id = 3")) == float(before) + 1.25 * heads
    )
    assert direct(call, "raise_salaries", by=1, dept_id=99) == 0


def test_one_maybe_value_and_none(call: Call) -> None:
    assert direct(call, "one_department", dept_id=1) == {"name": "Board"}
    with pytest.raises(errors.NotFound):
        direct(call, "one_department", dept_id=99)
    with pytest.raises(errors.TooManyRows):
        direct(call, "a_department_below", parent_id=1)
    assert direct(call, "maybe_department", dept_id=99) is None
    assert direct(call, "maybe_department", dept_id=2) == {"name": "Sales"}
    assert direct(call, "head_count", dept_id=1) == 15
    assert direct(call, "a_note", id=1) is None
    assert direct(call, "a_note", id=5) == "note 5"
    assert direct(call, "some_json", b="x") == {"a": [1, 2], "b": "x"}
    assert direct(call, "fire_quietly", name="nobody") is None
    assert direct(call, "notify", what="hello") is None
    assert direct(call, "refresh") is None


def test_the_http_status_of_no_row_and_of_a_refused_route(call: Call) -> None:
    assert http(call, "GET", "/departments/1") == (200, {"data": {"name": "Board"}})
    assert http(call, "GET", "/departments/99")[0] == 404
    assert http(call, "GET", "/departments/99999999999")[0] == 400
    assert http(call, "DELETE", "/departments/1")[0] == 405
    assert http(call, "GET", "/nowhere")[0] == 404


def test_a_chain_of_writes_is_one_transaction(call: Call, database_url: str) -> None:
    assert direct(call, "transfer", source=1, target=2, amount="30.25") == {"taken": 1, "given": 1}
    assert direct(call, "transfer", source=1, target=2, amount=1000) == {"taken": 0, "given": 0}
    assert value(database_url, "SELECT sum(balance) FROM account") == 500
    assert float(value(database_url, "SELECT balance FROM account WHERE account_id = 2")) == 130.25
    assert direct(call, "before_and_after", id=5, b=7) == [{"before": 100.00, "after": 7.00}]
    assert direct(call, "before_and_after", id=5, b=100) == [{"before": 7.00, "after": 100.00}]


def test_several_statements_are_one_transaction(call: Call, database_url: str) -> None:
    assert direct(call, "transfer_in_steps", source=3, target=4, amount="0.10") == {
        "taken": 99.90,
        "given": 100.10,
        "both": [100.10, None],
    }
    with pytest.raises(errors.CheckViolation):
        direct(call, "transfer_in_steps", source=3, target=4, amount=1000)
    with pytest.raises(errors.NotFound):
        direct(call, "transfer_in_steps", source=3, target=99, amount=1)
    assert float(value(database_url, "SELECT balance FROM account WHERE account_id = 3")) == 99.90
    assert direct(call, "transfer_in_steps", source=4, target=3, amount="0.10")["given"] == 100


def test_a_batch_happens_once(call: Call, database_url: str) -> None:
    event = {"operation": "audit_many", "parameters": [{"what": "one"}, {"what": "two"}], "idempotency_key": "k"}
    assert json.loads(call(event)) == {"data": 2}
    assert json.loads(call(event)) == {"data": 2, "replayed": True}
    assert value(database_url, "SELECT count(*) FROM audit WHERE what IN ('one', 'two')") == 2
    status, body = http(call, "POST", "/operations/audit_many", [{"what": "one"}])
    assert (status, body["code"]) == (400, "InvalidParameters")


def test_upserts_and_merges(call: Call) -> None:
    assert direct(call, "upsert", id=9, name="New", parent=1) == [{"dept_id": 9, "name": "New", "inserted": True}]
    assert direct(call, "upsert", id=9, name="Old", parent=2) == [{"dept_id": 9, "name": "Old", "inserted": False}]
    rows = [{"id": 9, "name": "Nine"}, {"id": 10, "name": "Ten"}]
    merged = direct(call, "merge", rows=rows)
    assert sorted(merged, key=lambda row: row["dept_id"]) == [
        {"action": "UPDATE", "dept_id": 9},
        {"action": "INSERT", "dept_id": 10},
    ]


def test_procedures_and_functions_that_write(call: Call, database_url: str) -> None:
    made = direct(call, "audited", what="something")
    assert value(database_url, "SELECT what FROM audit ORDER BY id DESC LIMIT 1") == "something"
    assert direct(call, "call_procedure", keep=made) is None
    assert value(database_url, "SELECT count(*) FROM audit") == 0


def test_composites_arrays_and_documents_arrive_whole(call: Call, database_url: str) -> None:
    corner = {"x": 1, "y": "2.50", "Label": 'tricky "(,)\\ \n'}
    others = [None, {"x": None, "y": None, "Label": ""}]
    shape = {"name": None, "corners": [corner, *others], "tint": "it's"}
    doc = {"exact": [1.10, 1e2], "text": "ünï 🦉 :a $1 '", "null": None}
    answer = direct(call, "remember_shape", id=100, shape=shape, points=[corner], tags={"k": 'v"', "n": None}, doc=doc)
    assert answer == {**shape, "corners": [{**corner, "y": 2.50}, *others]}
    assert value(database_url, "SELECT c_hstore -> 'k' FROM lab.everything WHERE id = 100") == 'v"'
    assert value(database_url, "SELECT c_json FROM lab.everything WHERE id = 100") == doc
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("DELETE FROM lab.everything WHERE id = 100")


@pytest.mark.parametrize(
    ("operation", "parameters", "error"),
    [
        ("overdraw", {"id": 1, "amount": 1000}, errors.CheckViolation),
        ("audited", {"what": "refuse"}, errors.BusinessRule),
        ("audited", {"what": None}, errors.InvalidParameters),
        ("divide", {"by": 0}, errors.InvalidParameters),
        ("raise_salaries", {"by": "1e999", "dept_id": 1}, errors.InvalidParameters),
        (
            "hire",
            {"dept_id": 99, "name": "x", "salary": 1, "hired": "2024-01-01", "email": None},
            errors.ForeignKeyViolation,
        ),
        (
            "hire",
            {"dept_id": 1, "name": "x", "salary": 1, "hired": "2024-01-01", "email": "E1@x.org"},
            errors.UniqueViolation,
        ),
    ],
)
def test_refusals_have_names(call: Call, operation: str, parameters: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error) as caught:
        direct(call, operation, **parameters)
    assert type(caught.value) is error


def all_pages(call: Call, operation: str, **parameters: Any) -> list[list[dict[str, Any]]]:
    pages = []
    cursor = None
    while True:
        answer = json.loads(call({"operation": operation, "parameters": {**parameters, "cursor": cursor}}))
        pages.append(answer["data"])
        cursor = answer["next"]
        if cursor is None:
            return pages


def test_pages_hold_every_row_once(call: Call, database_url: str) -> None:
    total = value(database_url, "SELECT count(*) FROM employee")
    pages = all_pages(call, "employees")
    assert [len(page) for page in pages[:-1]] == [7] * (len(pages) - 1)
    rows = [row for page in pages for row in page]
    assert len({row["employee_id"] for row in rows}) == len(rows) == total
    assert rows == sorted(rows, key=lambda row: (-row["salary"], row["employee_id"]))
    assert [len(page) for page in all_pages(call, "employees", limit=20, dept_id=1)] == [15]


@pytest.mark.parametrize("operation", ["by_note", "by_note_down"])
def test_pages_go_on_over_nulls(call: Call, database_url: str, operation: str) -> None:
    rows = [row for page in all_pages(call, operation) for row in page]
    order = "notes DESC" if operation == "by_note_down" else "notes"
    with psycopg.connect(database_url) as connection:
        expected = connection.execute(f"SELECT employee_id FROM employee ORDER BY {order}, employee_id DESC".encode())
        assert [row["employee_id"] for row in rows] == [identity for (identity,) in expected]


def test_filters_over_http(call: Call) -> None:
    status, body = http(call, "GET", "/employees", dept_id=1, skill="python", limit=3)
    assert status == 200
    assert len(body["data"]) == 3
    status, following = http(call, "GET", "/employees", dept_id=1, skill="python", limit=3, cursor=body["next"])
    assert status == 200
    assert not {row["employee_id"] for row in body["data"]} & {row["employee_id"] for row in following["data"]}
    assert {row["dept_id"] for row in body["data"]} == {1}
    status, body = http(call, "GET", "/employees", ids=[3, 1], hired_after="2020-01-10")
    assert {row["employee_id"] for row in body["data"]} == {3, 1}
    assert http(call, "GET", "/employees", limit=21)[0] == 400
    assert http(call, "GET", "/employees", cursor="nonsense")[0] == 400
    assert http(call, "GET", "/employees", dept=1)[0] == 400


def test_an_absent_filter_is_not_sent(call: Call) -> None:
    assert len(direct(call, "employees", limit=5)) == 5
    assert direct(call, "employees", ids=[], dept_id=None) == []
