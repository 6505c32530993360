"""A project of several tenants, tested with the package's own fixtures: under its role, its policies, its callers."""

from pathlib import Path

import pytest

from queryport.postgres.server import EmbeddedPostgres
from tests.support.pytest_process import run_pytest

FILES = {
    "queryport.toml": '[development]\nrole = "tenants_app"\n',
    "migrations/0001_invoices.sql": """
DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'tenants_app') THEN CREATE ROLE tenants_app LOGIN; END IF;
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'auditor') THEN CREATE ROLE auditor; END IF;
END $$;
GRANT auditor TO tenants_app WITH INHERIT FALSE, SET TRUE;
CREATE TABLE invoices (
    invoice_id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id int NOT NULL,
    total int NOT NULL,
    entered_by text NOT NULL DEFAULT current_setting('request.caller', true)
);
CREATE TABLE audit (note text NOT NULL);
INSERT INTO invoices (tenant_id, total, entered_by) SELECT n % 20, n, 'seed' FROM generate_series(1, 400) n;
ALTER TABLE invoices ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON invoices
    USING (tenant_id = (nullif(current_setting('request.jwt.claims', true), '')::json ->> 'tenant_id')::int);
GRANT USAGE ON SCHEMA queryport TO tenants_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON queryport.idempotency_key TO tenants_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON invoices TO tenants_app;
GRANT INSERT, SELECT ON audit TO auditor;
CREATE TABLE ledger (entry text NOT NULL, seen_by text);
CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF NEW.entry = 'wrong' THEN RAISE 'the entry is wrong' USING ERRCODE = '23514'; END IF;
    UPDATE ledger SET seen_by = current_user WHERE entry = NEW.entry; RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER see AFTER INSERT ON ledger DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION see();
GRANT INSERT, SELECT, UPDATE ON ledger TO auditor;
""",
    "sql_queries/invoices/_folder.yaml": """
allow: [jwt, direct]
rls: true
params:
  tenant_id: {from: claims.tenant_id}
""",
    "sql_queries/invoices/list.sql": (
        "-- http: GET /invoices\n-- page: {by: [invoice_id], size: 7}\nSELECT invoice_id, tenant_id FROM invoices"
    ),
    "sql_queries/invoices/get.sql": (
        "-- http: GET /invoices/{invoice_id}\n-- result: maybe\n"
        "SELECT invoice_id, tenant_id, total, entered_by FROM invoices WHERE invoice_id = :invoice_id"
    ),
    "sql_queries/invoices/add.sql": (
        "-- result: one\n-- http: POST /invoices\n"
        "INSERT INTO invoices (tenant_id, total) VALUES (:tenant_id, :total) "
        "RETURNING invoice_id, tenant_id, entered_by"
    ),
    "sql_queries/invoices/add_secured.sql": (
        "-- result: one\nINSERT INTO invoices (tenant_id, total) VALUES ("
        "(current_setting('request.jwt.claims', true)::json ->> 'tenant_id')::int, :total) "
        "RETURNING invoice_id, tenant_id, entered_by"
    ),
    "sql_queries/invoices/add_for.sql": (
        "-- silence: [QP704]\nINSERT INTO invoices (tenant_id, total) VALUES (:other, 1) RETURNING invoice_id"
    ),
    "sql_queries/invoices/raise_all.sql": "UPDATE invoices SET total = total + :by WHERE true",
    "sql_queries/invoices/add_two.sql": (
        "-- @first\nINSERT INTO invoices (tenant_id, total) VALUES (:tenant_id, 1) RETURNING invoice_id;\n"
        "UPDATE invoices SET total = 2 WHERE invoice_id = :first.invoice_id RETURNING invoice_id, entered_by"
    ),
    "sql_queries/invoices/add_many.sql": (
        "-- batch: true\nINSERT INTO invoices (tenant_id, total) VALUES (:tenant_id, :total)"
    ),
    "sql_queries/partner_invoices.sql": (
        "-- http: GET /partners/invoices\n-- allow: [key:partner-*]\n-- rls: true\n"
        "-- params: {tenant_id: {from: claims.tenant_id}}\n"
        "SELECT tenant_id, total FROM invoices WHERE tenant_id = :tenant_id"
    ),
    "sql_queries/note.sql": "-- role: auditor\n-- result: one\nINSERT INTO audit VALUES (:note) RETURNING note",
    "sql_queries/enter.sql": "-- role: auditor\nINSERT INTO ledger VALUES (:entry)",
    "sql_queries/entered.sql": "-- role: auditor\nSELECT entry, seen_by FROM ledger",
    "sql_queries/as_function.sql": "-- result: value\nSELECT count(*) FROM audit",
    "test_tenants.py": """
import random
from concurrent.futures import ThreadPoolExecutor

import pytest

from handler import errors


def test_a_tenant_sees_its_own_rows_page_by_page(queryport_call):
    seen, cursor = [], ""
    while cursor is not None:
        target = f"/invoices?cursor={cursor}" if cursor else "/invoices"
        answer = queryport_call.http("GET", target, claims={"tenant_id": 3})
        assert answer.status == 200
        seen += answer.json["data"]
        cursor = answer.json["next"]
    assert [row["invoice_id"] for row in seen] == list(range(3, 401, 20))
    assert {row["tenant_id"] for row in seen} == {3}


def test_rows_of_another_are_as_if_they_were_not_there(queryport_call):
    assert queryport_call("invoices.get", invoice_id=4, claims={"tenant_id": 3}) is None
    assert queryport_call("invoices.get", invoice_id=3, claims={"tenant_id": 3})["total"] == 3
    assert queryport_call("invoices.get", invoice_id=3, claims={}) is None
    assert queryport_call("invoices.get", invoice_id=3) is None
    assert queryport_call("invoices.get", invoice_id=3, claims={"tenant_id": None}) is None


def test_a_write_is_the_callers_and_says_who_made_it(queryport_call):
    answer = queryport_call.http("POST", "/invoices", body={"total": 5}, claims={"tenant_id": 3, "sub": "alice"})
    assert answer.json["data"]["tenant_id"] == 3
    assert answer.json["data"]["entered_by"] == "jwt:https://queryport.local|alice"
    assert queryport_call("invoices.raise_all", by=1, claims={"tenant_id": 3}) == 21
    assert queryport_call("invoices.raise_all", by=1, claims={"tenant_id": 99}) == 0
    with pytest.raises(errors.NotAllowed):
        queryport_call("invoices.add_for", other=4, claims={"tenant_id": 3})


def test_transactions_and_batches_too(queryport_call):
    (row,) = queryport_call("invoices.add_two", claims={"tenant_id": 3, "sub": "bob"})
    assert row["entered_by"] == "direct:bob"
    assert queryport_call("invoices.add_many", [{"total": 1}, {"total": 2}], claims={"tenant_id": 3}) == 2
    assert queryport_call("invoices.raise_all", by=0, claims={"tenant_id": 3}) == 23
    assert queryport_call("invoices.add_two", idempotency_key="k", claims={"tenant_id": 3}) == queryport_call(
        "invoices.add_two", idempotency_key="k", claims={"tenant_id": 3}
    )


def test_keys_are_of_their_caller(queryport_call):
    one = queryport_call("invoices.add", total=1, idempotency_key="k", claims={"tenant_id": 3, "sub": "a"})
    two = queryport_call("invoices.add", total=1, idempotency_key="k", claims={"tenant_id": 4, "sub": "b"})
    assert (one["tenant_id"], two["tenant_id"]) == (3, 4)
    again = queryport_call("invoices.add", total=1, idempotency_key="k", claims={"tenant_id": 3, "sub": "a"})
    assert again == one


def test_a_write_is_made_on_terms(queryport_call):
    answer = queryport_call.answer("invoices.add", total=1, rollback=True, claims={"tenant_id": 3, "sub": "a"})
    assert answer["rolled_back"] is True
    with pytest.raises(errors.InvalidParameters, match="takes no entity tag"):
        queryport_call("invoices.add", total=1, if_match=5, claims={"tenant_id": 3, "sub": "a"})


def test_keys_are_of_a_callers_tenant(queryport_call):
    for identity in ({}, {"sub": "a"}, {"sub": 7}):
        for name in ("invoices.add", "invoices.add_secured"):
            key = f"{name}{identity}".replace(" ", "")
            claims = [{"tenant_id": tenant, "iat": call, **identity} for call, tenant in enumerate((5, 6, 5))]
            rows = [queryport_call(name, total=1, idempotency_key=key, claims=each) for each in claims]
            assert [row["tenant_id"] for row in rows] == [5, 6, 5]
            assert rows[2] == rows[0]


def test_who_is_not_let_in(queryport_call):
    assert queryport_call.http("GET", "/invoices", anonymous=True).status == 401
    assert queryport_call.http("GET", "/invoices").status == 403
    assert queryport_call.http("GET", "/invoices", headers={"Authorization": "Bearer x"}).status == 401
    assert queryport_call.http("POST", "/invoices", body={"total": 1}, claims={"sub": "a"}).status == 403


def test_a_key_is_let_in_by_its_name_and_its_claims_are_the_callers(queryport_call):
    for tenant in (3, 4):
        rows = queryport_call.http("GET", "/partners/invoices", key="partner-acme", claims={"tenant_id": tenant})
        assert {row["tenant_id"] for row in rows.json["data"]} == {tenant}
    assert queryport_call.http("GET", "/partners/invoices", key="somebody", claims={"tenant_id": 3}).status == 403
    assert queryport_call.http("GET", "/partners/invoices", key="partner-acme").status == 403
    assert queryport_call.http("GET", "/partners/invoices", headers={"x-api-key": "qp_" + "x" * 43}).status == 401


@pytest.mark.parametrize("chosen", [{"claims": {}}, {"key": "a"}, {"anonymous": True}], ids=str)
@pytest.mark.parametrize("header", ["Authorization", "X-Api-Key"])
def test_two_answers_to_who_calls_are_refused(queryport_call, chosen, header):
    with pytest.raises(ValueError, match="say who calls"):
        queryport_call.http("GET", "/invoices", headers={header: "Bearer x"}, **chosen)


def test_nobody_is_known_and_anonymous(queryport_call):
    for chosen in ({"claims": {}}, {"key": "a"}):
        with pytest.raises(ValueError, match="is not anonymous"):
            queryport_call.http("GET", "/invoices", anonymous=True, **chosen)


def test_the_document_is_of_what_its_reader_may_call(queryport_call):
    assert queryport_call.http("GET", "/openapi.json", anonymous=True).status in (200, 401, 403)
    paths = queryport_call.http("GET", "/openapi.json?x=1", claims={"tenant_id": 7}).json["paths"]
    assert "get" in paths["/invoices"]
    assert "/operations/note" not in paths
    assert "/invoices" not in queryport_call.http("GET", "/openapi.json").json["paths"]


def test_a_role_is_taken_for_the_call_alone(queryport_call):
    assert queryport_call("note", note="x") == {"note": "x"}
    assert queryport_call("note", note="y", idempotency_key="k") == {"note": "y"}
    with pytest.raises(errors.NotAllowed):
        queryport_call("as_function")


@pytest.mark.parametrize("key", [None, "k"])
def test_a_deferred_trigger_runs_as_the_role_that_wrote(queryport_call, queryport_role_emulator, key):
    queryport_role_emulator.log.clear()
    assert queryport_call("enter", entry="a", idempotency_key=key) == 1
    assert queryport_call("entered") == [{"entry": "a", "seen_by": "auditor"}]
    with pytest.raises(errors.CheckViolation):
        queryport_call("enter", entry="wrong", idempotency_key=key and "k2")
    assert len(queryport_call("entered")) == 1
    # PostgreSQL 16 and 17 run it as the role that commits, and so it is over before that is another.
    sent = [call.sql or "" for call in queryport_role_emulator.log]
    ended = [number for number, sql in enumerate(sent) if "'role', 'none'" in sql]
    assert bool(ended) == (key is not None)
    assert all(sent[number - 1] == "SET CONSTRAINTS ALL IMMEDIATE" for number in ended)


def test_no_claim_is_seen_by_the_next_call(queryport_call):
    calls = [random.Random(1).randrange(20) for _ in range(5)] + [n % 20 for n in range(CALLS)]
    random.Random(7).shuffle(calls)

    def call(tenant):
        rows = queryport_call.answer("invoices.list", limit=500, claims={"tenant_id": tenant})["data"]
        return len(rows), {row["tenant_id"] for row in rows}

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(call, calls))
    assert answers == [(20, {tenant}) for tenant in calls]
""".replace("CALLS", "200"),
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.mark.slow
@pytest.mark.early
def test_a_project_tests_its_tenants_with_the_packages_own_fixtures(project: Path, postgres: EmbeddedPostgres) -> None:
    code, said = run_pytest(project, postgres=postgres)
    assert code == 0, said
