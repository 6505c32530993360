"""Operations under row-level security: the same rows in one request as in a transaction that sets the claims first.

Each statement runs as a role that the policies hold for, with the policy's setting bare and in a subselect, and is
compared with plain PostgreSQL. Where the claims match nothing, it gives no rows.
"""

import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import psycopg
import pytest
from psycopg.rows import tuple_row

from handler.contract.execution import Listing, Single, Transaction
from handler.contract.operation import RowSecurity
from handler.contract.ordering import order_of, ordering
from handler.contract.sql import in_order
from handler.engine.caller_bindings import session
from handler.engine.statement import ReadyStatement
from handler.identity.caller import Caller
from queryport.aws import placeholders
from queryport.compile.describe.database import Database
from queryport.postgres.server import EmbeddedPostgres
from tests.queryport.compile.conftest import Compile
from tests.support.databases import suite_database, with_our_tables

_SETTING = "nullif(current_setting('request.jwt.claims', true), '')::json ->> 'tenant_id'"
_SCHEMA = """
CREATE ROLE tenant_app NOLOGIN;
CREATE TABLE customer (customer_id int PRIMARY KEY, tenant_id int NOT NULL, name text NOT NULL);
CREATE TABLE invoice (
    invoice_id int PRIMARY KEY, customer_id int NOT NULL REFERENCES customer, tenant_id int NOT NULL, total int NOT NULL
);
CREATE INDEX ON customer (tenant_id, customer_id);
CREATE TABLE event (event_id int, tenant_id int NOT NULL) PARTITION BY LIST (tenant_id);
CREATE TABLE event_1 PARTITION OF event FOR VALUES IN (1);
CREATE TABLE event_2 PARTITION OF event FOR VALUES IN (2);
INSERT INTO customer SELECT n, 1 + n %% 3, 'c' || n FROM generate_series(1, 300) n;
INSERT INTO invoice SELECT n, 1 + n %% 300, 1 + (1 + n %% 300) %% 3, n %% 7 FROM generate_series(1, 300) n;
INSERT INTO event SELECT n, 1 + n %% 2 FROM generate_series(1, 20) n;
CREATE VIEW totals WITH (security_invoker) AS
    SELECT customer_id, sum(total) AS total FROM invoice GROUP BY customer_id;
CREATE TABLE note (note_id int, tenant_id int);
ALTER TABLE note ENABLE ROW LEVEL SECURITY;
CREATE POLICY unless ON note USING (NOT EXISTS (SELECT FROM event e WHERE e.tenant_id = (%(setting)s)::int));
CREATE TABLE memo (memo_id int, tenant_id int);
ALTER TABLE memo ENABLE ROW LEVEL SECURITY;
CREATE POLICY bare ON memo USING (
    tenant_id = (current_setting('request.jwt.claims', true)::json ->> 'tenant_id')::int);
CREATE TABLE pad (pad_id int, tenant_id int);
ALTER TABLE pad ENABLE ROW LEVEL SECURITY;
CREATE POLICY written ON pad FOR INSERT WITH CHECK (
    tenant_id = (current_setting('request.jwt.claims', true)::json ->> 'tenant_id')::int);
CREATE FUNCTION tenant() RETURNS int STABLE LANGUAGE plpgsql AS $$ BEGIN
    IF (%(setting)s) IS NULL THEN RAISE 'no tenant'; END IF; RETURN (%(setting)s); END $$;
CREATE TABLE sheet (sheet_id int, tenant_id int);
ALTER TABLE sheet ENABLE ROW LEVEL SECURITY;
CREATE POLICY asked ON sheet USING (tenant_id = tenant());
CREATE FUNCTION events() RETURNS SETOF event STABLE LANGUAGE sql AS $$
    SELECT * FROM event WHERE tenant_id = (%(setting)s)::int $$;
ALTER TABLE customer ENABLE ROW LEVEL SECURITY;
ALTER TABLE invoice ENABLE ROW LEVEL SECURITY;
ALTER TABLE event ENABLE ROW LEVEL SECURITY;
CREATE POLICY mine ON customer USING (tenant_id = (%(setting)s)::int);
CREATE POLICY mine ON invoice USING (tenant_id = (%(setting)s)::int);
CREATE POLICY mine ON event USING (tenant_id = (%(setting)s)::int);
GRANT SELECT, INSERT, UPDATE, DELETE ON customer, invoice, event, totals TO tenant_app;
GRANT USAGE ON SCHEMA queryport TO tenant_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON queryport.idempotency_key TO tenant_app;
"""

READS = {
    "table": "SELECT customer_id, name FROM customer ORDER BY customer_id",
    "by_key": "SELECT name FROM customer WHERE customer_id = :id",
    "join": "SELECT c.name, i.total FROM customer c JOIN invoice i USING (customer_id) WHERE i.total > :id",
    "outer_join": "SELECT c.name, i.total FROM customer c LEFT JOIN invoice i ON i.customer_id = c.customer_id AND i.total = :id",
    "aggregate": "SELECT count(*) AS n, sum(total) AS total FROM invoice WHERE total <> :id",
    "group": "SELECT customer_id, sum(total) AS total FROM invoice GROUP BY customer_id HAVING sum(total) > :id",
    "cte": "WITH big AS (SELECT customer_id FROM invoice WHERE total > :id) SELECT name FROM customer JOIN big USING (customer_id)",
    "union": "SELECT customer_id AS id FROM customer UNION SELECT invoice_id FROM invoice WHERE total = :id",
    "exists": "SELECT name FROM customer c WHERE EXISTS (SELECT FROM invoice i WHERE i.customer_id = c.customer_id AND total = :id)",
    "scalar_subquery": "SELECT name, (SELECT max(total) FROM invoice) AS most FROM customer WHERE customer_id > :id",
    "initplan": "SELECT name FROM customer WHERE customer_id > (SELECT min(customer_id) FROM invoice WHERE total = :id)",
    "view": "SELECT customer_id, total FROM totals WHERE total > :id",
    "window": "SELECT name, rank() OVER (ORDER BY customer_id) AS r FROM customer WHERE customer_id > :id",
    "lateral": "SELECT c.name, l.total FROM customer c, LATERAL (SELECT total FROM invoice i WHERE i.customer_id = c.customer_id LIMIT 1) l",
    "recursive": "WITH RECURSIVE r(n) AS (SELECT min(customer_id) FROM customer UNION ALL SELECT n + 3 FROM r WHERE n < :id) SELECT n FROM r",
    "values": "SELECT v.n, (SELECT count(*) FROM customer) AS c FROM (VALUES (1), (2)) v(n) WHERE v.n < :id",
}
WRITES = {
    "insert": "INSERT INTO customer VALUES (:id, 1, 'new') RETURNING customer_id, name",
    "insert_select": "INSERT INTO invoice SELECT 5000 + customer_id, customer_id, tenant_id, :id FROM customer RETURNING invoice_id",
    "insert_select_count": "INSERT INTO invoice SELECT 5000 + customer_id, customer_id, tenant_id, :id FROM customer",
    "update": "UPDATE invoice SET total = total + :id WHERE total > 3 RETURNING invoice_id, total",
    "update_count": "UPDATE invoice SET total = total + :id WHERE total > 3",
    "update_from": "UPDATE invoice i SET total = :id FROM customer c WHERE c.customer_id = i.customer_id RETURNING i.invoice_id",
    "delete": "DELETE FROM invoice WHERE total < :id RETURNING invoice_id",
    "delete_count": "DELETE FROM invoice WHERE total < :id",
    "merge": (
        "MERGE INTO invoice i USING customer c ON i.customer_id = c.customer_id AND i.total = :id "
        "WHEN MATCHED THEN UPDATE SET total = 100 RETURNING i.invoice_id"
    ),
    "writing_cte": (
        "WITH gone AS (DELETE FROM invoice WHERE total = :id RETURNING customer_id) "
        "SELECT name FROM customer JOIN gone USING (customer_id)"
    ),
}
CALLERS = {tenant: Caller("jwt", f"jwt:{tenant}", {"tenant_id": tenant}) for tenant in (1, 2, 99)}


@pytest.fixture(scope="module", params=["bare", "subselect"])
def url(request: pytest.FixtureRequest, postgres: EmbeddedPostgres) -> str:
    policies = request.param
    setting = _SETTING if policies == "bare" else f"SELECT {_SETTING}"
    script = (_SCHEMA % {"setting": setting}).replace("CREATE ROLE tenant_app NOLOGIN;", "")
    with (
        psycopg.connect(postgres.url(), autocommit=True) as connection,
        suppress(psycopg.errors.DuplicateObject, psycopg.errors.UniqueViolation),  # another worker's
    ):
        connection.execute("CREATE ROLE tenant_app NOLOGIN")
    return suite_database(postgres, f"row_security_{policies}", with_our_tables(script)).url


@pytest.fixture(scope="module")
def database(url: str) -> Iterator[Database]:
    with Database(url) as made:
        yield made


@pytest.fixture(scope="module")
def connection(url: str) -> Iterator[psycopg.Connection[Any]]:
    """A session of the function's own role; each call is a transaction that is rolled back."""
    with psycopg.connect(url, row_factory=tuple_row) as made:
        yield made


def _compiled(compile_text: Compile, text: str) -> Any:
    operation, problems = compile_text(text)
    assert operation is not None, "\n".join(problem.render() for problem in problems)
    return operation


def _run(
    connection: psycopg.Connection[Any], operation: Any, caller: Caller, *, key: str | None = None, **values: str
) -> list[str]:
    """The JSON rows of an operation in one statement, as the function sends it."""
    execution = operation.execution
    assert isinstance(execution, Single | Listing), "it goes by a transaction"
    if isinstance(execution, Listing):
        after = [values[each.placeholder] for each in execution.keys] if "__key_1" in values else None
        sql = in_order(execution.sql, ordering(order_of(execution.keys_by_name, execution.by), after))
    elif key is None:
        sql = execution.sql
    else:
        assert execution.keyed_sql is not None
        sql = execution.keyed_sql
        values |= {"__operation": "query", "__key": key, "__hash": "", "__keep": "60 seconds"}
    bindings: dict[str, str | None] = {
        **values,
        **session(operation.name, operation.row_security or RowSecurity(), caller),
        "__mark": "m",
    }
    scanned = placeholders.scan(ReadyStatement(sql).form(bindings).sql)
    with connection.transaction(force_rollback=True):
        connection.execute("SET LOCAL ROLE tenant_app")
        result = connection.pgconn.exec_params(
            scanned.text.encode(),
            [None if (value := bindings[place.name]) is None else value.encode() for place in scanned.placeholders],
        )
        assert result.status == psycopg.pq.ExecStatus.TUPLES_OK, result.error_message
        return [(result.get_value(row, 0) or b"").decode() for row in range(result.ntuples)]


def _plain(connection: psycopg.Connection[Any], text: str, tenant: int, **values: str) -> list[str]:
    for name, value in values.items():
        text = text.replace(f":{name}", value)
    with connection.transaction(force_rollback=True):
        connection.execute("SELECT set_config('request.jwt.claims', %s, true)", [json.dumps({"tenant_id": tenant})])
        connection.execute("SET LOCAL ROLE tenant_app")
        cursor = connection.execute(text.encode())
        if cursor.description is None:
            return [str(cursor.rowcount)]
        names = [column.name for column in cursor.description]
        return [json.dumps(dict(zip(names, row, strict=True))) for row in cursor.fetchall()]


def _same(rows: list[str], others: list[str]) -> bool:
    return sorted(map(_key, rows)) == sorted(map(_key, others))


def _key(row: str) -> str:
    return json.dumps(json.loads(row), sort_keys=True)


@pytest.mark.parametrize("name", READS)
def test_a_read_gives_the_callers_rows_in_one_statement(
    compile_text: Compile, connection: psycopg.Connection[Any], name: str
) -> None:
    operation = _compiled(compile_text, f"-- rls: true\n{READS[name]}")
    for tenant, caller in CALLERS.items():
        rows = _run(connection, operation, caller, id="4")
        assert _same(rows, _plain(connection, READS[name], tenant, id="4"))
    nobody = _run(connection, operation, replace_claims(CALLERS[1]), id="4")
    assert _same(nobody, _plain(connection, READS[name], 98, id="4"))


def replace_claims(caller: Caller) -> Caller:
    return caller._replace(claims={})


@pytest.mark.parametrize("name", WRITES)
def test_a_write_changes_the_callers_rows_in_one_statement(
    compile_text: Compile, connection: psycopg.Connection[Any], name: str
) -> None:
    operation = _compiled(compile_text, f"-- rls: true\n{WRITES[name]}")
    unkept = _compiled(compile_text, f"-- rls: true\n-- answer: none\n{WRITES[name]}")
    text = WRITES[name]
    for tenant, caller in CALLERS.items():
        if name == "insert" and tenant != 1:
            continue  # the policy refuses it, as it should
        number = "4000" if name == "insert" else "4"
        plain = _plain(connection, text, tenant, id=number)
        assert _same(_run(connection, operation, caller, id=number), plain)
        assert _same(_run(connection, operation, caller, key=f"{name}-{tenant}", id=number), plain)
        assert _same(_run(connection, unkept, caller, key=f"{name}-{tenant}", id=number), plain)


def test_a_partial_update_changes_the_callers_rows_in_one_statement(
    compile_text: Compile, connection: psycopg.Connection[Any]
) -> None:
    text = "UPDATE invoice SET total = :total, customer_id = :customer WHERE total > 3 RETURNING invoice_id, total"
    operation = _compiled(
        compile_text, f"-- rls: true\n-- params: {{total: {{patch: true}}, customer: {{patch: true}}}}\n{text}"
    )
    for tenant, caller in CALLERS.items():
        for values in ({"total": "4"}, {"customer": str(tenant)}, {"total": "5", "customer": str(tenant)}):
            kept = ", ".join(f"{'total' if name == 'total' else 'customer_id'} = :{name}" for name in values)
            plain = f"UPDATE invoice SET {kept} WHERE total > 3 RETURNING invoice_id, total"
            assert _same(_run(connection, operation, caller, **values), _plain(connection, plain, tenant, **values))


def test_a_tag_is_compared_with_the_callers_rows_in_one_statement(
    compile_text: Compile, connection: psycopg.Connection[Any]
) -> None:
    text = "UPDATE invoice SET total = :total WHERE invoice_id = :id RETURNING invoice_id, total"
    operation = _compiled(compile_text, f"-- rls: true\n-- result: one\n-- etag: total\n{text}")
    mine, tag = next(
        (row["invoice_id"], row["total"])
        for row in map(json.loads, _plain(connection, "SELECT invoice_id, total FROM invoice", 1))
    )
    values = {"id": str(mine), "total": "50"}
    rows = _run(connection, operation, CALLERS[1], __if_match=f"{{{tag}}}", **values)
    assert _same(rows, _plain(connection, text, 1, **values))
    for caller, given, told in (
        (CALLERS[1], tag + 1, "moved0"),
        (CALLERS[2], tag, "m0"),  # it is not theirs, in whatever state
        (CALLERS[2], tag + 1, "m0"),
        (replace_claims(CALLERS[1]), tag, "m0"),
    ):
        with pytest.raises(AssertionError, match=f'"m?{told}"'):
            _run(connection, operation, caller, __if_match=f"{{{given}}}", **values)


@pytest.mark.parametrize("by", ["customer_id", "name desc, customer_id"])
def test_pages_give_every_row_of_the_caller_in_order(
    compile_text: Compile, connection: psycopg.Connection[Any], by: str
) -> None:
    text = "SELECT customer_id, name FROM customer"
    operation = _compiled(compile_text, f"-- rls: true\n-- page: {{by: [{by}], size: 7}}\n{text}")
    expected = _plain(connection, f"{text} ORDER BY {by}", 2)
    seen: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        rows = _run(connection, operation, CALLERS[2], __limit="8", **cursor)
        seen += rows[:7]
        if len(rows) < 8:
            break
        last = json.loads(rows[6])
        cursor = {key.placeholder: str(last[key.name]) for key in operation.execution.keys}
    assert [json.loads(row) for row in seen] == [json.loads(row) for row in expected]


def test_a_page_goes_along_the_index_though_it_stands_behind_the_settings(
    database: Database, compile_text: Compile
) -> None:
    text = "-- rls: true\n-- page: {by: [customer_id]}\nSELECT customer_id FROM customer WHERE tenant_id = :tenant"
    operation = _compiled(compile_text, text)
    first = ordering(order_of(operation.execution.keys_by_name, operation.execution.by))
    form = ReadyStatement(in_order(operation.execution.sql, first)).form({"tenant": "1"})
    plan = json.dumps(database.plan(placeholders.scan(form.sql).text))
    assert "Index" in plan


@pytest.mark.parametrize(
    "text",
    [
        "-- rls: true\nSELECT event_id FROM event",
        "-- rls: true\n-- role: tenant_app\nSELECT name FROM customer",
        "-- rls: true\n-- role: claims.role\n-- roles: [tenant_app]\nSELECT name FROM customer",
        "-- rls: true\nUPDATE event SET event_id = 1 WHERE event_id = 2",
        "-- rls: true\nSELECT note_id FROM note",
        "-- rls: true\nSELECT memo_id FROM memo",
        "-- rls: true\nINSERT INTO pad (pad_id, tenant_id) VALUES (:id, 1)",
        "-- rls: true\nSELECT sheet_id FROM sheet",
        "-- rls: true\nSELECT event_id FROM events()",
    ],
)
def test_what_is_not_proven_goes_by_a_transaction(compile_text: Compile, text: str) -> None:
    assert isinstance(_compiled(compile_text, text).execution, Transaction)


def test_a_statement_that_keeps_its_key_is_proven_by_its_own_plan(
    database: Database, compile_text: Compile, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = database.plan

    def plan_with_the_key_first(text: str) -> Any:
        return {"Node Type": "Seq Scan"} if "queryport.idempotency_key" in text else plan(text)

    text = f"-- rls: true\n{WRITES['update']}"
    assert isinstance(_compiled(compile_text, text).execution, Single)
    monkeypatch.setattr(database, "plan", plan_with_the_key_first)
    assert isinstance(_compiled(compile_text, text).execution, Transaction)
    assert isinstance(_compiled(compile_text, f"-- idempotency: off\n{text}").execution, Single)


def test_an_operation_without_row_security_is_as_it_was(compile_text: Compile) -> None:
    operation = _compiled(compile_text, "SELECT name FROM customer")
    assert operation.row_security is None
    assert "set_config" not in str(operation.execution)
