"""What the compiler makes of several statements, of batches, and of writes that may carry an idempotency key."""

from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from handler.contract.execution import Batch, Reference, Transaction
from handler.contract.operation import Idempotency, Operation, Result
from queryport.compile import compile_project
from queryport.compile.compiler import UnpreparedDatabaseError
from tests.support.databases import NewDatabase
from tests.support.statements import choices, sent, sent_with_key, texts

Make = Callable[[str], Operation]

KEPT = (
    "INSERT INTO queryport.idempotency_key (operation, key, request_hash, response, expires_at) "
    "SELECT :__operation, :__key, :__hash, {}, now() + :__keep::interval FROM q) "
)


def transaction(operation: Operation) -> Transaction:
    assert isinstance(operation.execution, Transaction)
    return operation.execution


def test_a_write_has_a_second_text_that_keeps_its_key_and_its_answer(operation_of: Make) -> None:
    operation = operation_of("DELETE FROM visit WHERE visit_id = :v RETURNING small")
    assert (operation.idempotency, operation.keep) == (Idempotency.OPTIONAL, 86_400)
    assert sent_with_key(operation) == (
        "WITH q AS MATERIALIZED (DELETE FROM visit WHERE visit_id = (:v::bigint) RETURNING small), k AS ("  # noqa: S608
        + KEPT.format("coalesce(array_agg(row_to_json(q)::text), '{}')")
        + "SELECT row_to_json(q)::text FROM q",
    )


def test_a_count_is_kept_as_the_text_of_one_row(operation_of: Make) -> None:
    operation = operation_of("-- keep: 2d\n-- idempotency: required\nDELETE FROM visit WHERE visit_id = :v")
    assert (operation.idempotency, operation.keep) == (Idempotency.REQUIRED, 172_800)
    assert sent(operation) == ("DELETE FROM visit WHERE visit_id = (:v::bigint)",)
    assert sent_with_key(operation) == (
        "WITH q AS MATERIALIZED (DELETE FROM visit WHERE visit_id = (:v::bigint) RETURNING 1), k AS ("  # noqa: S608
        + KEPT.format("ARRAY[count(*)::text]")
        + "SELECT count(*)::text FROM q",
    )


def test_the_authors_own_with_comes_first_and_names_do_not_clash(operation_of: Make) -> None:
    operation = operation_of(
        "WITH k AS (DELETE FROM visit WHERE visit_id = :v RETURNING small) SELECT small AS q FROM k"
    )
    (text,) = sent_with_key(operation) or ()
    assert isinstance(text, str)
    assert text.startswith("WITH k AS (DELETE FROM visit WHERE visit_id = (:v::bigint) RETURNING small), q1 AS MAT")
    assert ", k1 AS (INSERT INTO queryport.idempotency_key " in text


def test_a_change_of_one_row_is_guarded(operation_of: Make) -> None:
    change = "DELETE FROM visit WHERE visit_id = :v RETURNING small"
    refused = "ELSE ((:__mark::text) || count(*))::integer::text END FROM q"
    guards = {
        "one": "SELECT CASE WHEN count(*) = 1 THEN min(row_to_json(q)::text) " + refused,
        "maybe": "SELECT CASE WHEN count(*) < 2 THEN min(row_to_json(q)::text) " + refused,
        "value": "SELECT CASE WHEN count(*) = 1 THEN min(to_json(q.v)::text) " + refused,
    }
    for result, guard in guards.items():
        operation = operation_of(f"-- result: {result}\n{change}")
        for (text,) in (sent(operation), sent_with_key(operation) or ()):
            assert isinstance(text, str)
            assert text.endswith(f") {guard}")


def test_what_only_reads_takes_no_key(operation_of: Make) -> None:
    operation = operation_of("-- result: one\nSELECT name FROM person WHERE person_id = :p")
    assert (operation.idempotency, sent_with_key(operation)) == (Idempotency.OFF, None)
    assert operation_of("CALL forget(:p)").idempotency is Idempotency.OFF
    assert sent_with_key(operation_of("-- result: none\nSELECT touch(:p) AS t")) is not None


def test_filters_are_left_out_of_both_texts(operation_of: Make) -> None:
    operation = operation_of(
        "-- params: {n: {optional: true}}\nDELETE FROM visit WHERE visit_id = :v AND (:n IS NULL OR small = :n)"
    )
    assert [choices(statement) for statement in operation.statements] == [["n"], ["n"]]


def test_statements_refer_to_each_others_rows(operation_of: Make) -> None:
    operation = operation_of(
        """-- silence: [QP113]
        -- @who
        SELECT person_id, tags, home FROM person WHERE email = :email;
        -- @result
        INSERT INTO visit (visit_id, person_id, small, at) VALUES (:id, :who.person_id, 1, now()) RETURNING visit_id;
        UPDATE person SET tags = :who.tags, home = :who.home WHERE person_id = :who.Person_Id AND name <> ':who.tags'
        """
    )
    first, second, third = transaction(operation).steps
    assert (transaction(operation).answer, operation.result, operation.read_only) == (1, Result.MANY, False)
    assert (first.one_row, second.one_row, third.one_row) == (True, False, False)
    assert (first.name, second.name, third.name) == ("who", None, None)
    assert second.references == (Reference("__1_person_id", 0, 0),)
    assert third.references == (
        Reference("__1_tags", 0, 1),
        Reference("__1_home", 0, 2),
        Reference("__1_Person_Id", 0, 0),
    )
    assert texts(third.sql) == (
        "UPDATE person SET tags = (:__1_tags::text[]), home = (:__1_home::address) "
        "WHERE person_id = (:__1_Person_Id::bigint) AND name <> ':who.tags'",
    )
    assert [parameter.name for parameter in operation.parameters] == ["email", "id"]
    assert operation.idempotency is Idempotency.OPTIONAL


def test_later_statements_may_need_what_earlier_ones_define(operation_of: Make, schema_url: str) -> None:
    operation = operation_of(
        """
        CREATE TEMP TABLE chosen ON COMMIT DROP AS SELECT visit_id FROM visit WHERE person_id = :person_id;
        CREATE FUNCTION pg_temp.twice(n int) RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT n; SELECT n * 2; END;
        LOCK TABLE visit IN SHARE MODE;
        SET LOCAL work_mem = '64MB';
        SELECT count(*) AS chosen, pg_temp.twice(:n) AS twice FROM chosen;
        DROP TABLE chosen
        ;
        """
    )
    assert len(transaction(operation).steps) == 6
    with psycopg.connect(schema_url) as connection:
        assert connection.execute("SELECT to_regclass('chosen')").fetchone() == (None,)


def test_one_statement_with_an_isolation_level_is_a_transaction(operation_of: Make) -> None:
    operation = operation_of("-- isolation: repeatable read\n-- retry: 0\nSELECT name FROM person")
    assert (transaction(operation).isolation, operation.retry, operation.read_only) == ("repeatable read", 0, True)
    assert operation.idempotency is Idempotency.OFF


def test_a_type_that_one_statement_tells_holds_for_the_next(operation_of: Make) -> None:
    operation = operation_of(
        "SELECT name FROM person WHERE person_id = :p; SELECT name FROM person WHERE :p IS NULL OR email = :e"
    )
    assert operation.parameters_schema["properties"]["p"]["type"] == "integer"


def test_a_batch_takes_an_array(operation_of: Make) -> None:
    operation = operation_of(
        "-- batch: true\n-- params: {n: {optional: true}}\nDELETE FROM visit WHERE (:n IS NULL OR small = :n)"
    )
    assert isinstance(operation.execution, Batch)
    assert operation.parameters_schema["type"] == "array"
    assert operation.parameters_schema["items"]["additionalProperties"] is False
    # One text serves all elements, so nothing is left out of it.
    assert sent(operation) == ("DELETE FROM visit WHERE ((:n::smallint) IS NULL OR small = (:n::smallint))",)
    assert operation.documentation.result_schema == {"type": "integer", "minimum": 0}


def test_every_catalogue_has_the_operation_that_purges_keys(tmp_path: Path, schema_url: str) -> None:
    compilation = compile_project(tmp_path, schema_url)
    assert compilation.ok
    assert not compilation.operations
    assert [operation.name for operation in compilation.catalogue] == ["queryport.purge_idempotency_keys"]


def test_a_database_without_the_table_of_keys_is_refused(tmp_path: Path, new_database: NewDatabase) -> None:
    with pytest.raises(UnpreparedDatabaseError, match="apply the migrations"):
        compile_project(tmp_path, new_database())
