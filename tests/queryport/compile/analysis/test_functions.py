"""The built-in functions that are said never to answer NULL, called with all sorts of values that are not NULL."""

import random
from collections.abc import Iterator

import psycopg
import pytest

from queryport.compile.analysis.analysis import analyse
from queryport.compile.analysis.database import functions
from queryport.compile.analysis.database.facts import Facts
from queryport.compile.analysis.database.objects import Function
from queryport.compile.describe.database import Database
from queryport.compile.describe.description import StatementError
from queryport.postgres.server import EmbeddedPostgres
from tests.support.databases import fresh_copy

VALUES = {
    "smallint": ["0", "1", "-1", "7", "32767"],
    "integer": ["0", "1", "-1", "2", "5", "70000"],
    "bigint": ["0", "1", "-1", "3", "9223372036854775807"],
    "real": ["0", "1.5", "-2", "NaN", "Infinity", "-Infinity"],
    "double precision": ["0", "0.5", "-2", "NaN", "Infinity", "-Infinity"],
    "numeric": ["0", "1.50", "-2", "NaN", "Infinity", "-Infinity"],
    "money": ["0", "1.5", "-3"],
    "text": ["", "a", "Ab c", "%", "\\", "2020-01-01", "YYYY", "hour", "month", "UTC", "1", "{}", "é", "sha256", "hex"],
    "bpchar": ["", "a", "Ab"],
    '"char"': ["a", ""],
    "name": ["UTF8", "a", ""],
    "varchar": ["", "a"],
    "bytea": ["", "\\x00", "\\xdeadbeef"],
    '"bit"': ["1", "0"],
    "varbit": ["", "1", "1010"],
    "date": ["2020-02-29", "infinity", "-infinity", "0001-01-01 BC"],
    "time without time zone": ["00:00", "24:00:00", "12:34:56.7"],
    "time with time zone": ["00:00+02", "24:00:00-05"],
    "timestamp without time zone": ["2020-02-29 01:02:03", "infinity", "-infinity", "0044-03-15 BC"],
    "timestamp with time zone": ["2020-02-29 01:02:03+00", "infinity", "-infinity"],
    "interval": ["0", "1 day", "-1 mon", "infinity", "-infinity", "1 year 3.5 s"],
    "boolean": ["t", "f"],
    "uuid": ["00000000-0000-0000-0000-000000000000", "0190a0a0-0000-7000-8000-000000000000"],
    "inet": ["1.2.3.4", "1.2.3.0/24", "::1"],
    "cidr": ["1.2.3.0/24", "::/0"],
    "macaddr": ["08:00:2b:01:02:03"],
    "macaddr8": ["08:00:2b:01:02:03:04:05"],
    "json": ["null", "{}", "[]", "1", '"a"', '{"a":null,"b":[1]}', "[null,1]"],
    "jsonb": ["null", "{}", "[]", "1", '"a"', "true", '{"a":null,"b":[1]}', "[null,1]"],
    "jsonpath": ["$", "$.a", "$[*]", "strict $.z"],
    "tsvector": ["", "a:1 b:2A"],
    "tsquery": ["", "a", "a & !b"],
    "oid": ["0", "1", "1259"],
    "regconfig": ["simple"],
    "int4range": ["empty", "(,)", "[1,5)", "[9,)"],
    "int8range": ["empty", "(,)", "[1,5)"],
    "numrange": ["empty", "(,)", "[1,5)"],
    "daterange": ["empty", "(,)"],
    "tsrange": ["empty", "(,)"],
    "tstzrange": ["empty", "(,)"],
    "int4range[]": ["{}", '{"[1,2)","[5,)"}'],
    "integer[]": ["{}", "{1,2}", "{NULL}", "{{1,2},{3,4}}", "[5:6]={1,2}"],
    "smallint[]": ["{}", "{1}"],
    "real[]": ["{0.1,0.2,0.4,1}"],
    "double precision[]": ["{}", "{0,1}", "{NaN}"],
    "text[]": ["{}", "{a,b}", "{NULL}", "{{a,b}}"],
    '"char"[]': ["{a}"],
    "int4multirange": ["{}", "{[1,2),[5,)}", "{(,)}"],
    "pg_lsn": ["0/0", "1/1"],
    "tid": ["(0,1)"],
    "xid": ["3"],
    "cid": ["3"],
    "regclass": ["pg_class", "numbers"],
    "xid8": ["1"],
    "oidvector": ["1 2"],
    "mood": ["sad", "ok"],
    "lseg": ["(0,0),(1,NaN)"],
    "path": ["((0,0),(1,1))"],
    "record": [],
}
VALUES |= {
    f"{name}[]": ["{}", '{"empty","(,)"}'] for name in ("int8range", "numrange", "daterange", "tsrange", "tstzrange")
}
ROWS = ["ROW(1, NULL)", "ROW(NULL, NULL)", "ROW(2, 'a')"]
TAKEN = {
    "regexp_replace(text, text, text, integer, integer, text)": ["'abab', 'a', 'c', 1, 2, 'i'"],
    "regexp_instr(text, text, integer, integer, integer, text)": ["'abab', 'a', 1, 2, 0, 'i'"],
    "regexp_instr(text, text, integer, integer, integer, text, integer)": ["'abab', '(a)', 1, 9, 0, 'i', 1"],
    "make_timestamptz(integer, integer, integer, integer, integer, double precision)": ["2020, 1, 2, 3, 4, 5.6"],
    "make_timestamptz(integer, integer, integer, integer, integer, double precision, text)": [
        "2020, 1, 2, 3, 4, 5.6, 'UTC'"
    ],
    "normalize(text, text)": ["'a', 'NFC'"],
    "date_trunc(text, timestamp with time zone, text)": ["'hour', now(), 'UTC'", "'day', 'infinity', 'UTC'"],
    "regexp_split_to_array(text, text, text)": ["'abab', 'b', 'i'", "'', '', 'i'"],
    "decode(text, text)": ["'', 'hex'", "'00', 'hex'"],
    "jsonb_object(text[], text[])": ["'{}', '{}'", "'{a}', '{NULL}'"],
    "is_normalized(text, text)": ["'a', 'NFC'"],
    "regclass(text)": ["'pg_class'"],
    "current_setting(text)": ["'search_path'", "'queryport.of_a_project'"],
    "setval(regclass, bigint)": ["'numbers', 5"],
    "setval(regclass, bigint, boolean)": ["'numbers', 5, false"],
    "currval(regclass)": ["'numbers'"],
    "nextval(regclass)": ["'numbers'"],
}
"""Arguments that are hard to hit upon."""
STANDING_FOR = {
    "anyelement": "integer",
    "anyarray": "integer[]",
    "anynonarray": "integer",
    "anyrange": "int4range",
    "anymultirange": "int4multirange",
    "anycompatible": "integer",
    "anycompatiblearray": "integer[]",
    "anycompatiblerange": "int4range",
    "anycompatiblemultirange": "int4multirange",
    "anyenum": "mood",
    "character": "bpchar",
    "character varying": "varchar",
    "bit": '"bit"',
    "bit varying": "varbit",
}
RANGES = ("int4range", "int8range", "numrange", "daterange", "tsrange", "tstzrange")

SCHEMA = """
CREATE SEQUENCE numbers;
SELECT nextval('numbers');
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE FUNCTION answers(calls text[]) RETURNS TABLE (is_null boolean) LANGUAGE plpgsql AS $$
DECLARE call text;
BEGIN
  FOREACH call IN ARRAY calls LOOP
    BEGIN
      EXECUTE 'SELECT ' || call INTO is_null;
      RETURN NEXT;
    EXCEPTION WHEN OTHERS THEN NULL;
    END;
  END LOOP;
END $$;
"""


@pytest.fixture(scope="module")
def connection(postgres: EmbeddedPostgres) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    with fresh_copy(postgres) as database, psycopg.connect(database.url, autocommit=True) as connection:
        connection.execute(SCHEMA.encode())
        yield connection


@pytest.fixture(scope="module")
def built_in(connection: psycopg.Connection[tuple[int]]) -> list[Function]:
    oids = [oid for (oid,) in connection.execute("SELECT oid::bigint FROM pg_proc WHERE oid < 16384 AND prokind = 'f'")]
    facts = Facts(connection)
    facts.look_up(functions=set(oids))
    return [function for function in map(facts.function, oids) if function.built_in]


def split(arguments: str) -> list[str]:
    return [STANDING_FOR.get(name, name) for name in arguments.split(", ")] if arguments else []


def calls(function: Function) -> list[str]:
    """Calls of a function with values of each kind, drawn by chance, and one that it certainly takes."""
    names = split(function.arguments)
    chance = random.Random(function.signature)
    drawn = {
        tuple(chance.choice([f"{literal(value)}::{name}" for value in VALUES[name]] or ROWS) for name in names)
        for _ in range(30)
    }
    taken = [", ".join(values) for values in drawn] + TAKEN.get(function.signature, [])
    if names and names[-1].endswith("[]"):
        taken += [f"{', '.join([*values[:-1], ''])}VARIADIC {values[-1]}" for values in drawn]
    return [f'pg_catalog."{function.name}"({values}) IS NULL' for values in taken]


def literal(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def never_null(function: Function) -> bool:
    return function.compares or functions.never_null_of_arguments(function.name, function.arguments)


@pytest.mark.slow
def test_no_listed_function_answers_null(built_in: list[Function], connection: psycopg.Connection[tuple[bool]]) -> None:
    untried, null = [], []
    for function in filter(never_null, built_in):
        answers = [answer for (answer,) in connection.execute("SELECT answers(%s)", (calls(function),))]
        if not answers:
            untried.append(function.signature)
        if any(answers):
            null.append(function.signature)
    assert not null
    assert not untried


def test_the_test_finds_functions_that_answer_null(
    built_in: list[Function], connection: psycopg.Connection[tuple[bool]]
) -> None:
    known = {
        "array_length(anyarray, integer)",
        "to_char(timestamp with time zone, text)",
        "lower(anyrange)",
        "int4(jsonb)",
    }
    for function in built_in:
        if function.signature in known:
            assert not never_null(function)
            assert any(answer for (answer,) in connection.execute("SELECT answers(%s)", (calls(function),)))
            known.remove(function.signature)
    assert not known


def test_every_listed_name_is_a_function(built_in: list[Function]) -> None:
    names = {function.name for function in built_in}
    signatures = {
        f"{function.name}({','.join(function.arguments.split(', '))})".replace(" ", "_") for function in built_in
    }
    assert not [e for e in functions._NEVER_NULL if e not in (signatures if "(" in e else names)]
    for entry in functions.HARMLESS:
        assert entry in {function.signature for function in built_in if function.volatile}, entry


FIELDS = [
    "epoch",
    "year",
    "decade",
    "century",
    "millennium",
    "isoyear",
    "julian",
    "month",
    "day",
    "hour",
    "week",
    "dow",
]


def test_fields_of_infinity(connection: psycopg.Connection[tuple[bool]]) -> None:
    found = dict.fromkeys(FIELDS, False)
    for field in FIELDS:
        assert functions.field_of_infinity(field.upper().encode()) is functions.field_of_infinity(field.encode())
        for kind in ("date", "timestamp", "timestamptz", "interval"):
            for value in ("infinity", "-infinity"):
                for call in (f"extract({field} FROM {kind} '{value}')", f"date_part('{field}', {kind} '{value}')"):
                    answers = connection.execute("SELECT answers(ARRAY[%s])", (f"{call} IS NULL",)).fetchall()
                    found[field] = found[field] or (True,) in answers
    assert [field for field, is_null in found.items() if not is_null] == FIELDS[:7]
    assert [field for field in FIELDS if functions.field_of_infinity(field.encode())] == FIELDS[:7]


VALUES_OF_ONE_ROW = {
    "any_value": ["1"],
    "array_agg": ["NULL::int", "1", "ARRAY[1]"],
    "avg": ["1", "'NaN'::float8", "'infinity'::interval", "'-Infinity'::numeric"],
    "bit_and": ["1", "B'1'"],
    "bit_or": ["1"],
    "bit_xor": ["1"],
    "bool_and": ["true"],
    "bool_or": ["false"],
    "count": ["NULL::int", "*"],
    "every": ["false"],
    "json_agg": ["NULL::int", "'null'::json"],
    "json_agg_strict": ["1", "'null'::json"],
    "json_object_agg": ["'a', NULL::int"],
    "json_object_agg_strict": ["'a', 1", "'a', 'null'::json"],
    "json_object_agg_unique": ["'a', NULL::int"],
    "json_object_agg_unique_strict": ["'a', 1"],
    "jsonb_agg": ["NULL::int", "'null'::jsonb"],
    "jsonb_agg_strict": ["1", "'null'::jsonb"],
    "jsonb_object_agg": ["'a', NULL::int"],
    "jsonb_object_agg_strict": ["'a', 1", "'a', 'null'::jsonb"],
    "jsonb_object_agg_unique": ["'a', NULL::int"],
    "jsonb_object_agg_unique_strict": ["'a', 1"],
    "max": ["1", "'NaN'::float8", "''", "ARRAY[]::int[]"],
    "min": ["1", "'infinity'::date"],
    "mode": [" WITHIN GROUP (ORDER BY 1)"],
    "percentile_cont": ["0.5 WITHIN GROUP (ORDER BY 'NaN'::float8)", "'{}'::float8[] WITHIN GROUP (ORDER BY 1)"],
    "percentile_disc": ["0.0 WITHIN GROUP (ORDER BY ''::text)", "'{NULL}'::float8[] WITHIN GROUP (ORDER BY 1)"],
    "range_agg": ["'empty'::int4range", "'{}'::int4multirange"],
    "range_intersect_agg": ["'empty'::int4range"],
    "regr_count": ["NULL, NULL"],
    "stddev_pop": ["1", "'NaN'::float8", "'Infinity'::numeric"],
    "string_agg": ["'', ''", "''::bytea, ''"],
    "sum": ["1", "'NaN'::float8", "'1'::money", "'infinity'::interval"],
    "var_pop": ["1", "'Infinity'::float8", "'NaN'::numeric"],
}
"""Arguments of aggregates over one row; those that may be NULL are."""


def test_aggregates_over_one_row(connection: psycopg.Connection[tuple[bool]]) -> None:
    assert VALUES_OF_ONE_ROW.keys() == functions._GROUP_NEVER_NULL | functions._GROUP_AT_ALL | functions._COUNTS
    for name, arguments in VALUES_OF_ONE_ROW.items():
        for argument in arguments:
            values, within, order = argument.partition(" WITHIN")
            call = f"{name}({values}){within}{order}"
            (is_null,) = connection.execute(f"SELECT {call} IS NULL FROM (VALUES (1)) v(x)".encode()).fetchone() or (
                True,
            )
            assert not is_null, call


@pytest.mark.parametrize("name", RANGES)
def test_ranges_of_any_bounds_are_ranges(connection: psycopg.Connection[tuple[bool]], name: str) -> None:
    (answer,) = connection.execute(f"SELECT {name}(NULL, NULL) IS NULL".encode()).fetchone() or (True,)
    assert not answer


EXTENSIONS = {
    "uuid-ossp": ["uuid_generate_v1()", "uuid_generate_v1mc()", "uuid_generate_v4()", "uuid_nil()"],
    "pg_trgm": [
        "similarity('', 'a')",
        "'' % ''",
        "'' <-> 'a'",
        "word_similarity('', '')",
    ],
    "citext": ["'a'::citext = ''::citext", "'a'::citext LIKE ''::citext", "'a'::bpchar::citext"],
    "unaccent": ["unaccent('')"],
    "vector": [
        "'[0,0]'::vector <=> '[0,0]'::vector",
        "'[1,0]'::vector <-> '[0,0]'::vector",
        "'[1]'::vector <+> '[2]'::vector",
    ],
    "ltree": [
        "nlevel(''::ltree)",
        "''::ltree @> 'a'::ltree",
        "ltree2text('')",
        "text2ltree('')",
        "''::ltree < 'a'::ltree",
    ],
}


@pytest.mark.parametrize("extension", EXTENSIONS)
def test_functions_of_extensions(database: Database, extension: str) -> None:
    with database.rehearsal():
        database.define(f'CREATE EXTENSION "{extension}"', [])
        for call in EXTENSIONS[extension]:
            sql = f"SELECT {call} AS a"
            analysis = analyse(database.facts, database.analyse(sql, ()), 1, frozenset())
            assert analysis.nullable == (False,), call
            assert not analysis.writers, call
            with pytest.raises(StatementError, match="division by zero"):
                database.define(f"CREATE TEMP TABLE t AS SELECT 1 / CASE WHEN ({call}) IS NULL THEN 1 ELSE 0 END", [])
