"""What the compiler makes of a good file: parameters, schemas, the statement that is sent."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import psycopg
import pytest

from handler.contract.exact_json import exact
from handler.contract.execution import Listing, Page
from handler.contract.operation import Http, Operation, Result
from handler.contract.ordering import Ordering, order_of, ordering
from handler.contract.patterns import FINITE_DECIMAL
from handler.contract.sql import in_order
from handler.contract.validation import Validator
from queryport.compile.write.pieces import Alternative, whole_text
from tests.support.statements import listing, sent

Make = Callable[[str], Operation]

INT4 = {"type": "integer", "minimum": -(2**31), "maximum": 2**31 - 1}
INT8 = {"type": "integer", "minimum": -(2**63), "maximum": 2**63 - 1}


def properties(operation: Operation) -> dict[str, Any]:
    return dict(operation.parameters_schema["properties"])


def columns(operation: Operation) -> dict[str, Any]:
    schema = operation.documentation.result_schema
    return dict(schema.get("items", schema)["properties"])


def test_a_file_without_front_matter_needs_nothing_else(operation_of: Make) -> None:
    operation = operation_of("SELECT name, email FROM person WHERE person_id = :person_id;")
    assert operation.result is Result.MANY
    assert operation.read_only
    assert operation.parameters_schema == {
        "type": "object",
        "properties": {"person_id": INT8},
        "required": ["person_id"],
        "additionalProperties": False,
    }
    assert sent(operation) == (
        "SELECT row_to_json(q)::text FROM (SELECT name, email FROM person WHERE person_id = (:person_id::bigint)) q",
    )


def test_prose_in_front_of_a_statement_is_its_description(operation_of: Make) -> None:
    assert (
        operation_of("-- All the people,\n-- by name\nSELECT name FROM person").documentation.description
        == "All the people, by name"
    )


@pytest.mark.parametrize(
    ("expression", "schema", "codec"),
    [
        (":a::smallint", {"type": "integer", "minimum": -32768, "maximum": 32767}, "scalar"),
        (":a::numeric", {"type": ["number", "string"]}, "scalar"),
        (":a::float8", {"type": ["number", "string"], "pattern": "^(NaN|-?Infinity)$"}, "scalar"),
        (":a::boolean", {"type": "boolean"}, "scalar"),
        (":a::uuid", {"type": "string", "format": "uuid"}, "scalar"),
        (":a::date", {"type": "string", "format": "date"}, "scalar"),
        (":a::timestamptz", {"type": "string", "format": "date-time"}, "scalar"),
        (":a::timestamp", {"type": "string", "format": "date-time-local"}, "scalar"),
        (":a::time", {"type": "string", "format": "time-local"}, "scalar"),
        (":a::interval", {"type": "string"}, "scalar"),
        (":a::int4range", {"type": "string"}, "scalar"),
        (":a::jsonb", {}, "json"),
        (":a::mood", {"type": "string", "enum": ["sad", "ok", "happy"]}, "scalar"),
        (":a::email", {"type": "string"}, "scalar"),
        (":a::positive", INT4, "scalar"),
        (":a::mood[]", {"type": "array"}, ["array", "scalar"]),
        (":a::box[]", {"type": "array"}, ["array", "scalar", ";"]),
        (":a::address", {"type": "object"}, ["row", [["street", "scalar"], ["zip", "scalar"]]]),
        (":a::address[]", {"type": "array"}, ["array", ["row", [["street", "scalar"], ["zip", "scalar"]]]]),
    ],
)
def test_parameter_types(operation_of: Make, expression: str, schema: dict[str, Any], codec: Any) -> None:
    operation = operation_of(f"SELECT {expression} AS a")
    made = properties(operation)["a"]
    assert {key: made[key] for key in schema} == schema
    assert operation.parameters[0].codec == codec


def test_every_occurrence_is_cast_to_its_own_type(operation_of: Make) -> None:
    operation = operation_of(
        "INSERT INTO person (email, name, code) VALUES (:email, :name, :code) ON CONFLICT (email) "
        "DO UPDATE SET name = :name WHERE person.email <> :email"
    )
    assert sent(operation) == (
        "INSERT INTO person (email, name, code) VALUES ((:email::email), (:name::character varying), (:code::bpchar)) "
        "ON CONFLICT (email) DO UPDATE SET name = (:name::character varying) WHERE person.email <> (:email::text)",
    )
    assert operation.result is Result.AFFECTED


def test_a_silent_occurrence_takes_the_type_of_the_others(operation_of: Make) -> None:
    operation = operation_of("SELECT name FROM person WHERE :mood IS NOT NULL AND mood = :mood")
    assert "(:mood::mood) IS NOT NULL AND mood = (:mood::mood)" in str(sent(operation)[0])


def test_integers_of_different_width_take_the_narrowest(operation_of: Make) -> None:
    operation = operation_of("SELECT name FROM person JOIN visit USING (person_id) WHERE small = :n AND person_id = :n")
    assert properties(operation)["n"]["maximum"] == 32767
    assert "small = (:n::smallint) AND person_id = (:n::bigint)" in str(sent(operation)[0])


@pytest.mark.parametrize(
    ("text", "type_name"),
    [
        (
            "SELECT g::date AS d FROM generate_series(:a, now(), interval '1 day') g JOIN person ON born = g "
            "WHERE born >= :a",
            "timestamp with time zone",
        ),
        ("SELECT name FROM person WHERE born = :a AND joined_at > :a", "date"),
        ("SELECT name FROM person WHERE joined_at > :a AND born = :a", "timestamp with time zone"),
        ("SELECT name FROM person WHERE score > :a AND person_id > :a", "numeric"),
    ],
)
def test_where_one_number_for_all_occurrences_has_a_type_they_take_it(
    operation_of: Make, schema_url: str, text: str, type_name: str
) -> None:
    operation = operation_of(text)
    assert str(sent(operation)).count(f"(:a::{type_name})") == 2
    # PostgreSQL itself gives it that type.
    with psycopg.connect(schema_url) as connection:
        connection.execute(f"PREPARE shared AS {text.replace(':a', '$1')}".encode())
        row = connection.execute("SELECT parameter_types[1]::text FROM pg_prepared_statements").fetchone()
    assert row == (type_name,)


def test_a_named_type_settles_what_cannot_be_inferred(operation_of: Make) -> None:
    operation = operation_of("-- params:\n--   a: {type: 'interval'}\nSELECT now() - :a AS then, concat(:a) AS b")
    assert "now() - (:a::interval)" in str(sent(operation)[0])


def test_the_authors_own_cast_is_left_alone(operation_of: Make) -> None:
    assert "name = :a::varchar(3)" in str(operation_of("SELECT name FROM person WHERE name = :a::varchar(3)").execution)


def test_the_four_states_of_a_parameter(operation_of: Make) -> None:
    operation = operation_of(
        "-- params:\n"
        "--   optional: {optional: true}\n"
        "--   nullable: {nullable: true}\n"
        "--   defaulted: {default: 5, maximum: 10}\n"
        "SELECT :required::int AS a, :optional::int AS b, :nullable::int AS c, :defaulted::int AS d"
    )
    made = properties(operation)
    assert operation.parameters_schema["required"] == ["required", "nullable"]
    assert made["required"] == INT4
    assert made["optional"]["type"] == made["nullable"]["type"] == ["integer", "null"]
    assert made["defaulted"] == {**INT4, "maximum": 10, "default": 5}
    states = {
        parameter.name: (parameter.optional, parameter.nullable, parameter.default)
        for parameter in operation.parameters
    }
    assert states == {
        "required": (False, False, None),
        "optional": (True, False, None),
        "nullable": (False, True, None),
        "defaulted": (True, False, 5),
    }


def test_narrowing_never_widens(operation_of: Make) -> None:
    operation = operation_of(
        "-- params:\n"
        "--   small: {type: smallint, minimum: 0, maximum: 1000000}\n"
        "--   price: {type: numeric, minimum: 0}\n"
        "--   mood: {type: mood, enum: [ok]}\n"
        "--   day: {type: date, pattern: '^20'}\n"
        "--   zip: {type: text, format: email, description: Where to}\n"
        "--   tags: {type: 'text[]', maxItems: 3, items: {maxLength: 2}}\n"
        "SELECT :small AS a, :price AS b, :mood AS c, :day AS d, :zip AS e, :tags AS f"
    )
    made = properties(operation)
    assert made["small"] == {"type": "integer", "minimum": 0, "maximum": 32767}
    assert made["price"] == {"type": ["number", "string"], "pattern": FINITE_DECIMAL, "minimum": 0}
    assert made["mood"] == {"type": "string", "enum": ["ok"]}
    assert made["day"] == {"type": "string", "format": "date", "pattern": "^20"}
    assert made["zip"] == {"type": "string", "format": "email", "description": "Where to"}
    assert made["tags"]["maxItems"] == 3
    assert made["tags"]["items"] == {"type": ["string", "null"], "maxLength": 2}


@pytest.mark.parametrize(
    "declared",
    [
        "p: {type: numeric, exclusiveMinimum: 0}",
        "p: {type: numeric, exclusiveMinimum: 0, optional: true}",
        "p: {type: numeric, allOf: [{exclusiveMinimum: 0}]}",
        "p: {type: numeric, optional: true, not: {maximum: 0}}",
        "p: {type: float8, exclusiveMinimum: 0}",
        "p: {type: 'numeric[]', items: {exclusiveMinimum: 0}}",
        "p: {type: priced, properties: {price: {exclusiveMinimum: 0}}}",
    ],
)
def test_no_string_slips_past_the_bounds_of_a_number(operation_of: Make, declared: str) -> None:
    operation = operation_of(f"-- params:\n--   {declared}\nSELECT :p AS p")
    check = Validator(exact(operation.parameters_schema))
    of_list, of_row = "[]" in declared, "priced" in declared

    def refused(value: Any) -> bool:
        return bool(check.flaws({"p": [value] if of_list else {"price": value} if of_row else value}))

    takes_strings = "float8" not in declared and "allOf" not in declared and "not" not in declared
    for text in ("14.99", ".5", "1e2", "+1."):
        assert refused(text) is not takes_strings, text
        assert not refused(Decimal(text))
    for text in ("0", "-1", "-0.0", "NaN", "Infinity", "-Infinity", "", "x"):
        assert refused(text), text
    assert refused(Decimal("-0.01"))
    assert refused(0)


def test_keywords_of_arrays_make_a_document_an_array(operation_of: Make) -> None:
    operation = operation_of(
        "-- params: {a: {maxItems: 2}, b: {required: [x]}, c: {optional: true, minItems: 1}}\n"
        "SELECT :a::jsonb AS a, :b::json AS b, :c::jsonb AS c, :d::jsonb AS d"
    )
    assert properties(operation) == {
        "a": {"type": "array", "maxItems": 2},
        "b": {"type": "object", "required": ["x"]},
        "c": {"type": ["array", "null"], "minItems": 1},
        "d": {},
    }


def test_result_columns_have_the_types_of_the_catalogue(operation_of: Make) -> None:
    made = columns(
        operation_of(
            "SELECT person_id, email, name, mood, home, score, born, joined_at, code, tags, grid, profile FROM person"
        )
    )
    text = {"type": ["string", "null"]}
    assert made == {
        "person_id": INT8,
        "email": {"type": "string"},
        "name": {"type": "string", "maxLength": 40},
        "mood": {"type": ["string", "null"], "enum": ["sad", "ok", "happy", None]},
        "home": {
            "type": ["object", "null"],
            "properties": {"street": text, "zip": {**text, "maxLength": 5}},
            "required": ["street", "zip"],
            "additionalProperties": False,
        },
        "score": {"type": ["number", "string", "null"], "pattern": "^(NaN|-?Infinity)$"},
        "born": {**text, "anyOf": [{"format": "date"}, {"pattern": "^-?infinity$|^[0-9]{5,}-| BC$"}]},
        "joined_at": {
            "type": "string",
            "anyOf": [
                {"format": "date-time"},
                {"pattern": "^-?infinity$|^[0-9]{5,}-| BC$|[+-][0-9]{2}:[0-9]{2}:[0-9]{2}$"},
            ],
        },
        "code": {**text, "maxLength": 3},
        # However many dimensions a column declares, PostgreSQL takes arrays of any.
        "tags": {"type": "array", "items": {"anyOf": [text, {"type": "array"}]}},
        "grid": {
            "type": ["array", "null"],
            "items": {"anyOf": [{**INT4, "type": ["integer", "null"]}, {"type": "array"}]},
        },
        "profile": {},
    }


@pytest.mark.parametrize(
    ("text", "nullable"),
    [
        ("SELECT v.visit_id AS a FROM visit v", False),
        ("SELECT v.visit_id AS a FROM person p LEFT JOIN visit v USING (person_id)", True),
        ("SELECT p.person_id AS a FROM person p LEFT JOIN visit v USING (person_id)", False),
        ("SELECT p.person_id AS a FROM person p RIGHT JOIN visit v USING (person_id)", True),
        ("SELECT v.visit_id AS a FROM person p FULL JOIN visit v USING (person_id)", True),
        ("SELECT s.a FROM (SELECT v.visit_id AS a FROM person LEFT JOIN visit v USING (person_id)) s", True),
        (
            "WITH c AS (SELECT visit_id, person_id FROM visit) "
            "SELECT c.visit_id AS a FROM person LEFT JOIN c USING (person_id)",
            True,
        ),
        ("SELECT p.person_id AS a FROM person p LEFT JOIN LATERAL (SELECT 1 FROM visit) v ON true", False),
        ("SELECT small AS a FROM visit GROUP BY ROLLUP (small)", True),
        ("SELECT small AS a FROM visit UNION SELECT small FROM visit", False),
        ("SELECT person_id AS a FROM visitor", False),
        ("SELECT count(*) AS a FROM visit", False),
        ("SELECT sum(small) AS a FROM visit", True),
        ("SELECT coalesce(mood::text, 'x') AS a FROM person", False),
        ("SELECT EXISTS (SELECT FROM visit) AS a", False),
        ("SELECT CASE WHEN mood IS NULL THEN 'x' ELSE 'y' END AS a FROM person", False),
        ("SELECT CASE WHEN mood IS NULL THEN 'x' END AS a FROM person", True),
        ("SELECT (SELECT visit_id FROM visit LIMIT 1) AS a", True),
        ("SELECT NULL::int AS a", True),
        ("UPDATE visit SET small = 1 WHERE visit_id = 1 RETURNING old.small AS a", False),
        ("UPDATE visit SET small = 1 WHERE visit_id = 1 RETURNING small AS a", False),
    ],
)
def test_nullability(operation_of: Make, text: str, *, nullable: bool) -> None:
    schema = columns(operation_of(text))["a"]
    assert ("null" in schema["type"]) == nullable


@pytest.mark.parametrize(
    ("text", "sql"),
    [
        (
            "INSERT INTO visit VALUES (1, 1, 1, now()) RETURNING visit_id",
            "WITH q AS (INSERT INTO visit VALUES (1, 1, 1, now()) RETURNING visit_id) "
            "SELECT row_to_json(q)::text FROM q",
        ),
        (
            "WITH RECURSIVE a(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM a WHERE n < 3) "
            "SEARCH DEPTH FIRST BY n SET o DELETE FROM visit USING a WHERE visit_id = n RETURNING visit_id",
            "WITH RECURSIVE a(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM a WHERE n < 3) "
            "SEARCH DEPTH FIRST BY n SET o, q AS (DELETE FROM visit USING a WHERE visit_id = n RETURNING visit_id) "
            "SELECT row_to_json(q)::text FROM q",
        ),
        (
            "WITH gone AS NOT MATERIALIZED (DELETE FROM visit WHERE small = 1 RETURNING visit_id AS q) "
            "SELECT q FROM gone",
            "WITH gone AS NOT MATERIALIZED (DELETE FROM visit WHERE small = 1 RETURNING visit_id AS q), "
            "q1 AS (SELECT q FROM gone) SELECT row_to_json(q1)::text FROM q1",
        ),
        (
            "-- result: value\nSELECT :a",
            "SELECT to_json(q.v)::text FROM (SELECT (:a::text)) q(v)",
        ),
        (
            "-- silence: [QP113]\n"
            "SELECT name /* :b */ FROM person -- :c\nWHERE name = ':d' AND tags[1: 2] IS NOT NULL -- end",
            "SELECT row_to_json(q)::text FROM (SELECT name   FROM person  \n"
            "WHERE name = ':d' AND tags[1: 2] IS NOT NULL) q",
        ),
    ],
)
def test_the_wrap(operation_of: Make, text: str, sql: str) -> None:
    assert sent(operation_of(text)) == (sql,)


@pytest.mark.parametrize(
    ("text", "read_only"),
    [
        ("SELECT name FROM person", True),
        ("VALUES (1)", True),
        ("SELECT random() AS r", True),
        ("SELECT name FROM person FOR SHARE", False),
        ("SELECT nextval('person_person_id_seq') AS n", False),
        ("SELECT touch(1) AS t", False),
        ("WITH gone AS (DELETE FROM visit WHERE small = 1 RETURNING visit_id) SELECT visit_id FROM gone", False),
        ("SELECT name INTO other FROM person", False),
        ("CALL forget(:person)", False),
        ("REFRESH MATERIALIZED VIEW nothing", False),
    ],
)
def test_read_only(operation_of: Make, text: str, *, read_only: bool) -> None:
    if text.startswith("VALUES"):
        text = "SELECT v.a FROM (VALUES (1)) v(a)"
    assert operation_of(text).read_only is read_only


def test_filters_of_absent_parameters_are_left_out(operation_of: Make) -> None:
    operation = operation_of(
        "-- params: {mood: {optional: true}, n: {optional: true}}\n"
        "SELECT name FROM person WHERE (:mood IS NULL OR mood = :mood) AND person_id > 0 "
        "AND (:n::bigint IS NULL OR person_id = :n) ORDER BY name"
    )
    assert sent(operation) == (
        "SELECT row_to_json(q)::text FROM (SELECT name FROM person WHERE ",
        Alternative("mood", "((:mood::mood) IS NULL OR mood = (:mood::mood))", "true"),
        " AND person_id > 0 AND ",
        Alternative("n", "(:n::bigint IS NULL OR person_id = (:n::bigint))", "true"),
        " ORDER BY name) q",
    )


@pytest.mark.parametrize(
    "condition",
    [
        "(:a IS NULL OR name = :a) IS TRUE",
        "NOT (:a IS NULL OR name = :a)",
        "(:a IS NULL OR name = :a) OR person_id = 1",
        "(:a IS NOT NULL OR name = :a)",
        "(:a IS NULL AND name <> :a)",
        "(:a IS NULL OR name = :a, 1) = (true, 1)",
    ],
)
def test_other_conditions_stay_as_they_are(operation_of: Make, condition: str) -> None:
    operation = operation_of(f"-- params: {{a: {{optional: true}}}}\nSELECT name FROM person WHERE {condition}")
    assert len(sent(operation)) == 1


def test_a_page_of_unique_keys_in_one_direction_is_a_row_comparison(operation_of: Make) -> None:
    operation = operation_of("-- page: {by: [at desc, visit_id desc], size: 2, max: 9}\nSELECT visit_id, at FROM visit")
    made = listing(operation)
    assert (made.by, made.ties, made.page) == (("-at", "-visit_id"), ("visit_id",), Page(2, 9))
    assert _sent_behind(made, ["2026-01-31 12:00:00+00", "7"]) == (
        'SELECT row_to_json(q)::text, json_build_array(q."at"::text, q."visit_id"::text)::text '
        "FROM (SELECT * FROM (SELECT visit_id, at FROM visit) q "
        'WHERE (q."at", q."visit_id") < ((:__key_1::timestamp with time zone), (:__key_2::bigint)) '
        'ORDER BY q."at" DESC, q."visit_id" DESC LIMIT (:__limit::bigint)) q '
        'ORDER BY q."at" DESC, q."visit_id" DESC'
    )
    schema = properties(operation)
    assert schema["limit"]["maximum"] == 9
    assert schema["limit"]["default"] == 2
    assert schema["cursor"]["type"] == ["string", "null"]


def _behind(listing: Listing, after: list[str | None]) -> Ordering:
    return ordering(order_of(listing.keys_by_name, listing.by), after)


def _sent_behind(listing: Listing, after: list[str | None]) -> str:
    return whole_text(in_order(listing.sql, _behind(listing, after)), present=True)


def test_a_page_that_goes_both_ways_or_by_nulls_is_spelled_out(operation_of: Make) -> None:
    operation = operation_of("-- page: {by: [born desc, person_id]}\nSELECT person_id, born FROM person")
    made = listing(operation)
    assert _behind(made, ["2026-01-31", "7"]).ranges == (
        'q."born" = (:__key_1::date) AND (q."person_id") > ((:__key_2::bigint))',
        'q."born" < (:__key_1::date)',
    )
    assert _behind(made, [None, "7"]).ranges == (
        'q."born" IS NULL AND (q."person_id") > ((:__key_2::bigint))',
        'q."born" IS NOT NULL',
    )
    made = listing(operation_of("-- page: {by: [born, person_id]}\nSELECT person_id, born FROM person"))
    assert _behind(made, ["2026-01-31", "7"]).ranges == (
        '(q."born", q."person_id") > ((:__key_1::date), (:__key_2::bigint))',
        'q."born" IS NULL',
    )


def test_page_keys_may_be_unique_for_the_one_value_that_the_query_asks_for(operation_of: Make) -> None:
    operation_of("-- page: {by: [email]}\nSELECT email FROM person")
    operation_of("-- page: {by: [at, a]}\nSELECT at, small AS a FROM visit WHERE visit_id = :id AND small > 0")


def test_a_route(operation_of: Make) -> None:
    operation = operation_of("-- http: GET /people/{name}/visits\nSELECT email FROM person WHERE name = :name")
    assert operation.http == Http("GET", "/people/{name}/visits")


@pytest.mark.parametrize("written", ["@visit_id", "@ visit_id", "@:a", "@ :a", "@(:a)", "@ -visit_id", "- @ :a::int"])
def test_the_absolute_value_is_no_placeholder(operation_of: Make, schema_url: str, written: str) -> None:
    operation = operation_of(f"SELECT {written} AS n FROM visit WHERE visit_id > @:a")  # noqa: S608 (a test's own)
    assert set(properties(operation)) == {"a"}
    (text,) = sent(operation)
    assert isinstance(text, str)
    with psycopg.connect(schema_url) as connection:
        connection.execute(text.replace(":a", "'-3'").encode())
