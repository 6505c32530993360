"""Parameters: the declared type of each kind of value, hints and their formats, and what is refused."""

from typing import Any

import pytest

from tests.support.data_api import Api, long, null, text


def value(name: str, member: str, content: Any, hint: str | None = None) -> dict[str, Any]:
    return {"name": name, "value": {member: content}} | ({"typeHint": hint} if hint else {})


@pytest.mark.parametrize(
    ("parameter", "type_name"),
    [
        (value("p", "stringValue", "1"), "text"),
        (value("p", "longValue", 1), "bigint"),
        (value("p", "doubleValue", 1), "double precision"),
        ({"name": "p", "value": {"booleanValue": False}}, "boolean"),
        (value("p", "blobValue", b"1"), "bytea"),
        (value("p", "stringValue", "{}", "JSON"), "jsonb"),
        (value("p", "stringValue", "550e8400-e29b-41d4-a716-446655440000", "UUID"), "uuid"),
        (value("p", "stringValue", "2026-01-02", "DATE"), "date"),
        (value("p", "stringValue", "03:04:05", "TIME"), "time without time zone"),
        (value("p", "stringValue", "2026-01-02 03:04:05.678", "TIMESTAMP"), "timestamp without time zone"),
        (value("p", "stringValue", "1.50", "DECIMAL"), "numeric"),
    ],
)
def test_values_have_one_declared_type(api: Api, parameter: dict[str, Any], type_name: str) -> None:
    assert api.value("SELECT pg_typeof(:p)::text", parameter) == type_name


def test_hinted_values_arrive_whole(api: Api) -> None:
    assert api.rows(
        "SELECT :u, :d, :t, :ts, :n, :j",
        text("u", "550E8400-E29B-41D4-A716-446655440000", "UUID"),
        text("d", "2026-01-02", "DATE"),
        text("t", "03:04:05.678901", "TIME"),
        text("ts", "2026-01-02 03:04:05.678901", "TIMESTAMP"),
        text("n", "12345678901234567890.10", "DECIMAL"),
        text("j", '{"é": [1, 2]}', "JSON"),
    ) == [
        [
            {"stringValue": "550e8400-e29b-41d4-a716-446655440000"},
            {"stringValue": "2026-01-02"},
            {"stringValue": "03:04:05.678901"},
            {"stringValue": "2026-01-02 03:04:05.678901"},
            {"stringValue": "12345678901234567890.10"},
            {"stringValue": '{"é":[1,2]}'},
        ]
    ]


@pytest.mark.parametrize(
    ("hint", "content"),
    [
        ("UUID", "550e8400"),
        ("DECIMAL", "1,5"),
    ],
)
def test_hints_have_formats(api: Api, hint: str, content: str) -> None:
    refusal = api.refusal("SELECT :p", text("p", content, hint))
    assert (refusal.code, refusal.status) == ("ValidationException", 400)
    assert content not in refusal.message


SHORT, LONG, INVALID, RANGE = (
    "premature end of input",
    "trailing input",
    "input contains invalid characters",
    "input is out of range",
)


@pytest.mark.parametrize(
    ("hint", "content", "message"),
    [
        ("TIME", "09:00", f"Time: {SHORT}"),
        ("TIME", "", f"Time: {SHORT}"),
        ("TIME", "9", f"Time: {SHORT}"),
        ("TIME", "09:00:00.", f"Time: {SHORT}"),
        ("TIME", "09:00:00.x", f"Time: {INVALID}"),
        ("TIME", "09-00-00", f"Time: {INVALID}"),
        ("TIME", "noon", f"Time: {INVALID}"),
        ("TIME", "24:00:00", f"Time: {RANGE}"),
        ("TIME", "25:00:00", f"Time: {RANGE}"),
        ("TIME", "09:60:00", f"Time: {RANGE}"),
        ("TIME", "09:00:61", f"Time: {RANGE}"),
        ("TIME", "09:00:00Z", f"Time: {LONG}"),
        ("TIME", "09:00:00+02", f"Time: {LONG}"),
        ("TIMESTAMP", "2024-01-01T10:00:00.000Z", f"TimeStamp: {INVALID}"),
        ("TIMESTAMP", "2026-01-02 03:04:05+00:00", f"TimeStamp: {LONG}"),
        ("TIMESTAMP", "2026-01-02", f"TimeStamp: {SHORT}"),
        ("TIMESTAMP", "2026-01-02 03:04", f"TimeStamp: {SHORT}"),
        ("DATE", "02.01.2026", f"Date: {INVALID}"),
        ("DATE", "2026-13-01", f"Date: {RANGE}"),
        ("DATE", "2026-02-29", f"Date: {RANGE}"),
        ("DATE", "2100-02-29", f"Date: {RANGE}"),
        ("DATE", "2026-01-01 00:00:00", f"Date: {LONG}"),
        ("DATE", "20260101", f"Date: {INVALID}"),
        ("DATE", "+262143-01-01", f"Date: {RANGE}"),
        ("DATE", "+" + "9" * 60_000, f"Date: {RANGE}"),
        ("DATE", "٢٠٢٦-01-01", f"Date: {INVALID}"),
        ("DATE", "infinity", f"Date: {INVALID}"),
    ],
)
def test_dates_and_times_are_refused_in_chronos_words(api: Api, hint: str, content: str, message: str) -> None:
    transaction = api.begin()
    refusal = api.refusal("SELECT :p", text("p", content, hint), transactionId=transaction)
    assert (refusal.code, refusal.status) == ("DatabaseErrorException", 400)
    assert refusal.message == f"Parse Error for {message}"
    assert api.value("SELECT 1", transactionId=transaction) == 1  # PostgreSQL has heard nothing of it


@pytest.mark.parametrize(
    ("hint", "content", "value"),
    [
        ("TIME", "9:0:0", "09:00:00"),
        ("TIME", " 9: 0: 0.5", "09:00:00.500"),
        ("TIME", "23:59:59.123456789123", "23:59:59.123456"),
        ("DATE", "2024-1-1", "2024-01-01"),
        ("DATE", "2024-02-29", "2024-02-29"),
        ("DATE", "-0043-03-15", "-0043-03-15"),
        ("DATE", "+12345-01-02", "+12345-01-02"),
        ("DATE", "0000-01-01", "0000-01-01"),
        ("DATE", "7-1-1", "0007-01-01"),
        ("TIMESTAMP", "2024-1-1 9:0:0", "2024-01-01 09:00:00"),
        ("TIMESTAMP", "2024-01-0109:00:00", "2024-01-01 09:00:00"),
        ("TIMESTAMP", "-0043-3-15  1:2:3.25", "-0043-03-15 01:02:03.250"),
    ],
)
def test_dates_and_times_are_read_as_chrono_reads_them(api: Api, hint: str, content: str, value: str) -> None:
    assert api.value("SELECT :p", text("p", content, hint)) == value


def test_a_hint_on_null_is_no_type(api: Api) -> None:
    api.execute("CREATE TABLE t (a int4range)")
    api.execute("INSERT INTO t VALUES (:a)", null("a") | {"typeHint": "JSON"})
    assert api.value("SELECT a FROM t") is None


def test_null_goes_into_any_column(api: Api) -> None:
    api.execute("CREATE TABLE t (a int, b int[], c jsonb, d uuid, e interval)")
    api.execute("INSERT INTO t VALUES (:a, :b, :c, :d, :e)", *(null(name) for name in "abcde"))
    assert api.value("SELECT count(*) FROM t WHERE num_nulls(a, b, c, d, e) = 5") == 1


def test_declared_types_have_consequences(api: Api) -> None:
    api.execute("CREATE TABLE t (id int, at timestamptz, mood text)")
    for sql, parameter, sqlstate in (
        ("SELECT * FROM t WHERE id = :p", text("p", "1"), "42883"),
        ("SELECT * FROM t WHERE mood = :p", long("p", 1), "42883"),
        ("INSERT INTO t (at) VALUES (:p)", text("p", "2026-01-02T03:04:05Z"), "42804"),
        ("SELECT '2026-01-02'::date + :p", long("p", 1), "42883"),
        ("SELECT 1::int4 << :p", long("p", 1), "42883"),
        ("SELECT :p IS NULL", null("p"), "42P18"),
    ):
        assert api.refusal(sql, parameter).message.endswith(f"SQLState: {sqlstate}")
    api.execute(
        "INSERT INTO t (id, at) VALUES (:id, :at)", long("id", 1), text("at", "2026-01-02 03:04:05", "TIMESTAMP")
    )
    assert api.value("SELECT at FROM t WHERE id = :id", long("id", 1)) == "2026-01-02 03:04:05"


def test_positions_count_in_the_rewritten_text(api: Api) -> None:
    refusal = api.refusal("SELECT :a_long_name::int, nothing", long("a_long_name", 1))
    assert refusal.message == 'ERROR: column "nothing" does not exist; Position: 17; SQLState: 42703'


def test_every_occurrence_is_bound(api: Api) -> None:
    assert api.value("SELECT (:a + :b + :a)::int", long("a", 1), long("b", 40)) == 42


def test_the_last_of_two_parameters_of_one_name_counts(api: Api) -> None:
    assert api.value("SELECT :a", long("a", 1), long("a", 2)) == 2


def test_a_missing_parameter_is_postgresqls_to_complain_of(api: Api) -> None:
    refusal = api.refusal("SELECT :a, :b", long("a", 1))
    assert refusal.message.startswith("ERROR: bind message supplies 1 parameters, but prepared statement")
    assert refusal.message.endswith("requires 2; SQLState: 08P01")


def test_names_are_letters_digits_and_underscores(api: Api) -> None:
    for name in ("$1", "q?marks", "naïve", "a b", ""):
        refusal = api.refusal("SELECT 1", text(name, "x"))
        assert (refusal.code, refusal.message) == (
            "ValidationException",
            f"Named parameter syntax is invalid, input: {name}",
        )


def test_a_value_needs_a_member(api: Api) -> None:
    for content in ({}, {"isNull": False}):
        refusal = api.refusal("SELECT :a", {"name": "a", "value": content})
        assert refusal.message == 'Parameter "a" has value with no field set'


def test_a_zero_byte_is_postgresqls_to_refuse(api: Api) -> None:
    for parameter in (text("v", "a\0b"), text("v", '{"a": "b\0"}', "JSON")):
        assert api.refusal("SELECT :v", parameter).message.endswith("SQLState: 22021")


def test_a_zero_byte_ends_no_statement(api: Api) -> None:
    api.execute("CREATE TABLE t (a int)")
    assert api.refusal("DELETE FROM t\0 WHERE a = 1").message.endswith("SQLState: 08P01")


def test_hints_of_postgresql_are_passed_on_and_details_are_not(api: Api) -> None:
    api.execute("CREATE TABLE t (a int PRIMARY KEY)")
    api.execute("INSERT INTO t VALUES (1)")
    assert api.refusal("INSERT INTO t VALUES (1)").message == (
        'ERROR: duplicate key value violates unique constraint "t_pkey"; SQLState: 23505'
    )
    raised = "DO $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = 'ZZ001', HINT = 'ask', DETAIL = 'secret'; END $$"
    assert api.refusal(raised).message == "ERROR: no; Hint: ask; SQLState: ZZ001"


def test_a_batch_runs_once_for_each_set(api: Api) -> None:
    api.execute("CREATE TABLE t (a int, b text)")
    sets = [[long("a", 1), text("b", "x")], [long("a", 2), null("b")], [null("a"), text("b", "z")]]
    answer = api.call("batch_execute_statement", sql="INSERT INTO t VALUES (:a, :b)", parameterSets=sets)
    assert answer == {"updateResults": [{"generatedFields": []}] * 3}
    assert api.rows("SELECT a, b FROM t ORDER BY a") == [
        [{"longValue": 1}, {"stringValue": "x"}],
        [{"longValue": 2}, {"isNull": True}],
        [{"isNull": True}, {"stringValue": "z"}],
    ]


def test_a_batch_of_one_empty_set_runs_once_and_drops_its_rows(api: Api) -> None:
    api.execute("CREATE TABLE t (a serial)")
    answer = api.call("batch_execute_statement", sql="INSERT INTO t DEFAULT VALUES RETURNING a", parameterSets=[[]])
    assert answer == {"updateResults": [{"generatedFields": []}]}
    assert api.value("SELECT count(*) FROM t") == 1


def test_a_batch_in_a_transaction_is_of_it(api: Api) -> None:
    api.execute("CREATE TABLE t (a int)")
    transaction = api.begin()
    sets = [[long("a", number)] for number in range(3)]
    api.call("batch_execute_statement", sql="INSERT INTO t VALUES (:a)", parameterSets=sets, transactionId=transaction)
    assert api.value("SELECT count(*) FROM t", transactionId=transaction) == 3
    api.rollback(transaction)
    assert api.value("SELECT count(*) FROM t") == 0
