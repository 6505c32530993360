"""What comes back: every type's member and text, refused types, JSON, counts, and the size limit."""

import json
from typing import Any

import pytest

from tests.support.data_api import Api, long, null, text


@pytest.mark.parametrize(
    ("expression", "field"),
    [
        ("true", {"booleanValue": True}),
        ("1::int2", {"longValue": 1}),
        ("9223372036854775807", {"longValue": 2**63 - 1}),
        ("1.5::float8", {"doubleValue": 1.5}),
        ("1e20::float8", {"doubleValue": 1e20}),
        ("0.1::float4", {"doubleValue": 0.1}),
        ("12345678901234567890.10::numeric", {"stringValue": "12345678901234567890.10"}),
        ("'NaN'::numeric", {"stringValue": "NaN"}),
        ("'\\x00ff10'::bytea", {"blobValue": b"\x00\xff\x10"}),
        ("'a'::name", {"stringValue": "a"}),
        ("'a'::char(3)", {"stringValue": "a  "}),
        ("1::oid", {"stringValue": "1"}),
        ('\'{"b": 1, "aa": [1.50, null, "é"]}\'::jsonb', {"stringValue": '{"b":1,"aa":[1.5,null,"é"]}'}),
        ('\'{"b": 1,\n "aa": [2.50], "b": 3}\'::json', {"stringValue": '{"b":3,"aa":[2.5]}'}),
        ("ARRAY['{\"a\": 1}'::json]", {"arrayValue": {"stringValues": ['{"a":1}']}}),
        ("'1.2.3.4'::inet", {"stringValue": "1.2.3.4"}),
        ("'10.0.0.0/8'::cidr", {"stringValue": "10.0.0.0/8"}),
        ("'[1,5)'::int4range", {"stringValue": "[1,5)"}),
        ("'[1.5,)'::numrange", {"stringValue": "[1.5,)"}),
        ("pg_sleep(0)", {"stringValue": ""}),
        ("NULL", {"isNull": True}),
        ("'24:00'::time", {"stringValue": "00:00:00"}),
        ("'12345-01-02'::date", {"stringValue": "+12345-01-02"}),
        ("'0044-03-15 BC'::date", {"stringValue": "-0043-03-15"}),
        ("'0001-01-01 12:30:00.25 BC'::timestamp", {"stringValue": "0000-01-01 12:30:00.250"}),
        ("'{}'::text[]", {"arrayValue": {"stringValues": []}}),
        ("'{t,NULL}'::bool[]", {"arrayValue": {"booleanValues": [True, None]}}),
        ("'{1,0}'::bit(1)[]", {"arrayValue": {"booleanValues": [True, False]}}),
        ("'{1.50,NaN}'::numeric[]", {"arrayValue": {"stringValues": ["1.50", "NaN"]}}),
        ("ARRAY['{\"a\": 1}'::jsonb]", {"arrayValue": {"stringValues": ['{"a":1}']}}),
        ("'{2026-01-02}'::date[]", {"arrayValue": {"stringValues": ["2026-01-02"]}}),
        ('\'[3:4]={"a,b","{}"}\'::text[]', {"arrayValue": {"stringValues": ["a,b", "{}"]}}),
        (r"""'{"a\\b","c\"d",""}'::text[]""", {"arrayValue": {"stringValues": ["a\\b", 'c"d', ""]}}),
        ("ARRAY[E'line\\nbreak']", {"arrayValue": {"stringValues": ["line\nbreak"]}}),
    ],
)
def test_types_arrive_as_their_members(api: Api, expression: str, field: dict[str, Any]) -> None:
    assert api.rows(f"SELECT {expression}") == [[field]]


@pytest.mark.parametrize("expression", ["'NaN'::float8", "'-Infinity'::float4", "'{1,Infinity}'::float8[]"])
def test_what_is_no_finite_number_is_refused(api: Api, expression: str) -> None:
    refusal = api.refusal(f"SELECT {expression}")
    assert (refusal.code, refusal.message) == (
        "UnsupportedResultException",
        "NaN and Infinity values are not supported",
    )


@pytest.mark.parametrize(
    ("expression", "name"),
    [
        ("'1 day'::interval", "INTERVAL"),
        ("'12:00+02'::timetz", "TIMETZ"),
        ("1::money", "MONEY"),
        ("'(1,2)'::point", "POINT"),
        ("'08:00:2b:01:02:03'::macaddr", "MACADDR"),
        ("'x'::\"char\"", '"CHAR"'),
        ("B'101'", "BIT"),
        ("ARRAY[B'101']", "BIT[]"),
        ("'[1,2)'::int8range", "INT8RANGE"),
        ("'[2026-01-01,2026-01-02)'::daterange", "DATERANGE"),
        ("ROW(1, 2)", "RECORD"),
        ("'a'::tsvector", "tsvector"),
        ("'pg_class'::regclass", "regclass"),
        ("ARRAY['int4'::regtype]", "regtype[]"),
        ("ARRAY['1 day'::interval]", "INTERVAL[]"),
        ("'{\"\\\\x00\"}'::bytea[]", "BYTEA[]"),
        ("'{\"[1,2)\"}'::int4range[]", "INT4RANGE[]"),
        ("'1 2'::int2vector", "int2vector"),
    ],
)
def test_other_types_are_refused_by_name(api: Api, expression: str, name: str) -> None:
    refusal = api.refusal(f"SELECT {expression}")
    assert (refusal.code, refusal.status) == ("UnsupportedResultException", 400)
    assert refusal.message == f"The result contains the unsupported data type {name}."


def test_types_are_refused_only_if_there_is_a_row(api: Api) -> None:
    answer = api.execute("SELECT interval '1 day' AS i WHERE false", includeResultMetadata=True)
    assert answer["records"] == []
    assert answer["columnMetadata"][0]["typeName"] == "interval"


def test_types_of_the_database_are_known_by_what_they_are(api: Api) -> None:
    api.execute("CREATE TYPE mood AS ENUM ('sad', 'happy')")
    api.execute("CREATE DOMAIN positive AS int CHECK (VALUE > 0)")
    api.execute("CREATE TYPE pair AS (a int, b text)")
    assert api.rows("SELECT 'sad'::mood, ARRAY['sad'::mood, NULL], 1::positive, ARRAY[1]::positive[]") == [
        [
            {"stringValue": "sad"},
            {"arrayValue": {"stringValues": ["sad", None]}},
            {"longValue": 1},
            {"arrayValue": {"longValues": [1]}},
        ]
    ]
    assert api.refusal("SELECT ROW(1, 'x')::pair").message.endswith("unsupported data type pair.")
    assert api.refusal("SELECT ARRAY[ROW(1, 'x')::pair]").message.endswith("unsupported data type pair[].")


def test_a_vector_is_answered_with(api: Api) -> None:
    api.execute("CREATE EXTENSION vector")
    assert api.value("SELECT '[1,2.5]'::vector") == "[1,2.5]"


@pytest.mark.parametrize("expression", ["'infinity'::date", "'-infinity'::timestamp", "'infinity'::timestamptz"])
def test_infinite_dates_are_a_failure_without_words(api: Api, expression: str) -> None:
    refusal = api.refusal(f"SELECT {expression}")
    assert (refusal.code, refusal.message, refusal.status) == ("InternalFailure", "", 500)


def test_a_number_in_jsonb_that_no_double_holds_is_a_failure_without_words(api: Api) -> None:
    assert api.value("SELECT ('{\"x\":' || repeat('9', 300) || '}')::jsonb").startswith('{"x":1e')
    assert api.refusal("SELECT ('{\"x\":' || repeat('9', 400) || '}')::jsonb").code == "InternalFailure"


def test_json_that_nests_too_deep_is_a_failure_without_words(api: Api) -> None:
    nested = "SELECT (repeat('[', {0}) || repeat(']', {0}))::json"
    assert api.value(nested.format(100)) == "[" * 100 + "]" * 100
    for depth in (300, 3000):
        assert api.refusal(nested.format(depth)).code == "InternalFailure"


@pytest.mark.parametrize("odd", ["plain", "é", "", 'a"b', "a\\b", "a\nb", "\x01", None])
def test_a_column_of_many_strings_is_what_each_would_be(api: Api, odd: str | None) -> None:
    strings = [f"text {number}" for number in range(99)] + [odd]
    parameter = text("strings", json.dumps(strings))
    given = "jsonb_array_elements_text(:strings::jsonb) WITH ORDINALITY"
    sql = f'SELECT value, value AS "100%b" FROM {given} ORDER BY ordinality'  # noqa: S608
    fields = [{"isNull": True} if string is None else {"stringValue": string} for string in strings]
    assert api.rows(sql, parameters=[parameter]) == [[field, field] for field in fields]
    formatted = api.execute(sql, parameters=[parameter], formatRecordsAs="JSON")["formattedRecords"]
    assert json.loads(formatted) == [{"value": string, "100%b": string} for string in strings]


def test_timestamps_are_utc_whatever_the_sessions_zone(api: Api) -> None:
    transaction = api.begin()
    for zone in ("Asia/Kolkata", "America/Sao_Paulo", "Europe/Amsterdam"):
        api.execute(f"SET LOCAL TIME ZONE '{zone}'", transactionId=transaction)
        assert api.rows(
            "SELECT '2026-09-17 17:08:20.8+00'::timestamptz, '0001-01-01 00:00:00+00'::timestamptz,"
            " '10000-01-01 00:00:00+00'::timestamptz, '1899-12-31 23:59:59.000001+00'::timestamptz",
            transactionId=transaction,
        ) == [
            [
                {"stringValue": "2026-09-17 17:08:20.800"},
                {"stringValue": "0001-01-01 00:00:00"},
                {"stringValue": "+10000-01-01 00:00:00"},
                {"stringValue": "1899-12-31 23:59:59.000001"},
            ]
        ]


def test_settings_of_the_session_do_not_change_the_form_of_results(api: Api) -> None:
    transaction = api.begin()
    for setting in ("bytea_output = 'escape'", "TimeZone = 'Asia/Tokyo'", "extra_float_digits = 3"):
        api.execute(f"SET LOCAL {setting}", transactionId=transaction)
    assert api.rows(
        "SELECT '2026-09-17 17:08:20+00'::timestamptz, '\\x005c41ff'::bytea, 0.1::float8",
        transactionId=transaction,
    ) == [
        [
            {"stringValue": "2026-09-17 17:08:20"},
            {"blobValue": b"\x00\\A\xff"},
            {"doubleValue": 0.1},
        ]
    ]


def test_result_set_options_change_numbers(api: Api) -> None:
    sql = "SELECT 1::int8, 10::numeric, 1.50::numeric, NULL::numeric, 12345678901234567890::numeric"
    options = {"decimalReturnType": "DOUBLE_OR_LONG", "longReturnType": "STRING"}
    assert api.rows(sql, resultSetOptions=options) == [
        [
            {"stringValue": "1"},
            {"longValue": 10},
            {"doubleValue": 1.5},
            {"isNull": True},
            {"doubleValue": 12345678901234567890.0},
        ]
    ]


@pytest.mark.parametrize("expression", ["'NaN'", "'-Infinity'", "1e309", "repeat('9', 5000)"])
def test_a_numeric_that_no_double_holds_is_refused_as_one(api: Api, expression: str) -> None:
    as_numbers = {"resultSetOptions": {"decimalReturnType": "DOUBLE_OR_LONG"}}
    refusal = api.refusal(f"SELECT {expression}::numeric", **as_numbers)
    assert (refusal.code, refusal.message) == (
        "UnsupportedResultException",
        "NaN and Infinity values are not supported",
    )


def test_json_holds_what_json_can(api: Api) -> None:
    answer = api.execute(
        "SELECT 1 AS i, 1.5::numeric AS n, 10::float8 AS f, 'NaN'::numeric AS x, '{1,NULL}'::int[] AS a, NULL AS z,"
        " '{\"k\": 1}'::jsonb AS j, true AS b, '2026-01-02 03:04:05'::timestamp AS t, '\\x6869'::bytea AS o",
        formatRecordsAs="JSON",
        includeResultMetadata=True,
    )
    assert answer == {
        "numberOfRecordsUpdated": 0,
        "formattedRecords": '[{"i":1,"n":"1.5","f":10.0,"x":"NaN","a":[1,null],"z":null,"j":"{\\"k\\":1}","b":true,'
        '"t":"2026-01-02 03:04:05","o":"aGk="}]',
    }


def test_json_of_no_rows_is_an_empty_array(api: Api) -> None:
    assert api.execute("SELECT 1 AS a WHERE false", formatRecordsAs="JSON")["formattedRecords"] == "[]"


def test_json_is_ignored_by_what_is_no_select(api: Api) -> None:
    api.execute("CREATE TABLE t (a int)")
    assert api.execute("INSERT INTO t VALUES (1) RETURNING a", formatRecordsAs="JSON")["records"] == [
        [{"longValue": 1}]
    ]


def test_json_has_a_limit_of_its_own(api: Api) -> None:
    label = "c" * 60
    refusal = api.refusal(
        f"SELECT {', '.join(f'NULL::int AS {label}{n}' for n in range(9))} FROM generate_series(1, 20000)",  # noqa: S608
        formatRecordsAs="JSON",
    )
    assert (refusal.code, refusal.status) == ("BadRequestException", 400)


def test_counts_are_those_of_the_command_unless_rows_come_back(api: Api) -> None:
    assert api.execute("CREATE TABLE t AS SELECT generate_series(1, 5) AS a")["numberOfRecordsUpdated"] == 5
    assert api.execute("UPDATE t SET a = a + 1 WHERE a > 2") == {"generatedFields": [], "numberOfRecordsUpdated": 3}
    assert api.execute("UPDATE t SET a = a + 1 RETURNING a")["numberOfRecordsUpdated"] == 0
    assert api.execute("DELETE FROM t")["numberOfRecordsUpdated"] == 5
    assert api.execute("") == {"generatedFields": [], "numberOfRecordsUpdated": 0}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("columns", "fits", "too_many"),
    [
        ("md5(v::text)::uuid", 24_966, 24_967),
        ("repeat('é', 1000)", 522, 523),
        (
            "md5(v::text)::uuid, md5((v + 1)::text)::uuid, md5((v + 2)::text)::uuid, repeat('x', 20), repeat('y', 8)",
            6_636,
            6_637,
        ),
    ],
)
def test_the_size_limit_counts_rows_columns_and_text(api: Api, columns: str, fits: int, too_many: int) -> None:
    sql = f"SELECT {columns} FROM generate_series(1, :rows) AS v"  # noqa: S608 (the test's own columns)
    assert len(api.rows(sql, long("rows", fits))) == fits
    assert api.refusal(sql, long("rows", too_many)).message == "The result exceeds the size limit 1 MB."


def test_a_result_that_is_much_too_large_is_refused_at_once_and_its_write_is_kept(api: Api) -> None:
    api.execute("CREATE TABLE t (a text)")
    sql = "INSERT INTO t SELECT repeat('x', 100) FROM generate_series(1, 50000) RETURNING a"
    assert api.refusal(sql).code == "UnsupportedResultException"
    # The statement goes on after its answer.
    for _ in range(100):
        if api.value("SELECT count(*) FROM t"):
            break
    assert api.value("SELECT count(*) FROM t") == 50_000


def test_rows_without_columns_are_rows(api: Api) -> None:
    assert api.rows("SELECT FROM generate_series(1, 3)") == [[], [], []]
    assert api.execute("SELECT FROM generate_series(1, 2)", formatRecordsAs="JSON")["formattedRecords"] == "[{},{}]"


def test_labels_are_taken_as_they_are(api: Api) -> None:
    answer = api.execute("""SELECT 1 AS "a%b ""c"" é", 'x%b' AS "%" """, formatRecordsAs="JSON")
    assert answer["formattedRecords"] == '[{"a%b \\"c\\" é":1,"%":"x%b"}]'


def test_parameters_and_results_carry_any_text(api: Api) -> None:
    for value in ("", "Hello 世界 🌍 مرحبا", 'quote " and \\ and \n', "x" * 100_000):
        assert api.value("SELECT :v", text("v", value)) == value
    assert api.value("SELECT :v::text", null("v")) is None


@pytest.mark.parametrize("expression", ["NULL::aclitem", "makeaclitem(10, 10, 'SELECT', false)", "acldefault('r', 10)"])
def test_a_type_without_a_binary_form_is_postgresqls_own_error(api: Api, expression: str) -> None:
    message = "ERROR: no binary output function available for type aclitem; SQLState: 42883"
    refusal = api.refusal(f"SELECT 'c'::\"char\", {expression} AS item")
    assert (refusal.code, refusal.message) == ("DatabaseErrorException", message)
    assert api.rows(f"SELECT {expression} AS item WHERE false") == []
    transaction = api.begin()
    assert api.refusal(f"SELECT {expression}", transactionId=transaction).message == message
    assert "25P02" in api.refusal("SELECT 1", transactionId=transaction).message


def test_an_array_of_a_type_without_a_binary_form_is_refused_if_it_has_a_value(api: Api) -> None:
    assert "42883" in api.refusal("SELECT relacl FROM pg_class WHERE relname = 'pg_class'").message
    assert api.refusal("SELECT NULL::aclitem[]").code == "UnsupportedResultException"
