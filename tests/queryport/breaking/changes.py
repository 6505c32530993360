"""Changes of query files, each a file before and after, with the rule that tells it in either direction.

`@` is the file's name, which makes its route its own.
"""

from itertools import permutations
from typing import NamedTuple

SCHEMA = """
CREATE TYPE two AS ENUM ('new', 'paid');
CREATE TYPE three AS ENUM ('new', 'paid', 'sent');
CREATE DOMAIN positive AS integer CHECK (VALUE > 0);
CREATE TYPE place AS (street text, zip text);
CREATE TYPE place_with_country AS (street text, zip text, country text);
CREATE TYPE place_of_bytes AS (street text, zip bytea);
CREATE TYPE place_of_null AS (street text);
CREATE TABLE item (
  id integer PRIMARY KEY, name text NOT NULL, note text, email text UNIQUE, code text UNIQUE, raw bytea,
  version integer NOT NULL DEFAULT 1, changed integer NOT NULL DEFAULT 1,
  state two NOT NULL DEFAULT 'new', price numeric NOT NULL DEFAULT 0, made timestamptz NOT NULL DEFAULT now()
);
CREATE ROLE breaking_reader;
"""


class Changed(NamedTuple):
    """A file before and after a change."""

    before: str
    after: str | None
    forth: str | None
    """The rule that tells the change; None where it breaks nobody."""
    back: str | None
    """The rule that tells the reverse."""
    at: str = ""
    """A text in the line that the change is told at; empty for the statement's first."""


def _takes(was: str, now: str, forth: str | None, back: str | None) -> Changed:
    """A parameter of another PostgreSQL type."""
    return Changed(
        f"-- http: POST /@\nSELECT 1 AS a WHERE :v::{was} IS NOT NULL",
        f"-- http: POST /@\nSELECT 1 AS a WHERE :v::{now} IS NOT NULL",
        forth,
        back,
        ":v",
    )


def _narrows(kind: str, was: str, now: str, forth: str | None = "QP803", back: str | None = None) -> Changed:
    """A parameter with other keywords."""

    def file(keywords: str) -> str:
        return f"-- http: POST /@\n-- params: {{v: {{type: '{kind}', {keywords}}}}}\nSELECT 1 AS a WHERE :v IS NOT NULL"

    return Changed(file(was), file(now), forth, back, "params")


def _gives(was: str, now: str, forth: str | None, back: str | None) -> Changed:
    """A column that is another expression."""
    return Changed(
        f"-- http: GET /@\nSELECT {was} AS v FROM item",
        f"-- http: GET /@\nSELECT {now} AS v FROM item",
        forth,
        back,
        "v",
    )


def _says(was: str, now: str, forth: str | None, back: str | None, sql: str, at: str = "") -> Changed:
    """Another key of the front matter, of the same statement."""
    return Changed(f"{was}{sql}", f"{now}{sql}", forth, back, at)


_ITEM = "SELECT id, name FROM item WHERE id = :id"
_UPDATE = "UPDATE item SET name = :name, version = version + 1 WHERE id = :id"
_RETURNING = f"{_UPDATE} RETURNING id, version, changed"
_INSERT = "INSERT INTO item (id, name, email, code) VALUES (:id, :name, :email, :code)"
_LIST = "SELECT id, name, price, made FROM item"

OPERATIONS = {
    "gone": Changed("SELECT 1 AS a", None, "QP801", None),
    "route_gone": _says("-- http: GET /@/{id}\n", "", "QP802", None, _ITEM),
    "route_moved": _says("-- http: GET /@/{id}\n", "-- http: GET /@/of/{id}\n", "QP802", "QP802", _ITEM, "/of/"),
    "method_changed": _says("-- http: POST /@/{id}\n", "-- http: PUT /@/{id}\n", "QP802", "QP802", _UPDATE, "PUT"),
    "read_by_post": _says("-- http: GET /@/{id}\n", "-- http: POST /@/{id}\n", "QP802", "QP802", _ITEM, "POST"),
    "segments_swapped": _says(
        "-- http: PUT /@/{id}/{name}\n", "-- http: PUT /@/{name}/{id}\n", "QP802", "QP802", _UPDATE, "/{name}/"
    ),
    "segment_renamed": Changed(
        f"-- http: GET /@/{{id}}\n{_ITEM}",
        "-- http: GET /@/{key}\nSELECT id, name FROM item WHERE id = :key",
        *("QP803", "QP803"),
    ),
    "closed_to_http": _says("", "-- http: off\n", "QP805", None, _ITEM, "http"),
    "hidden": _says("-- allow: [jwt]\n", "-- allow: [jwt]\n-- hidden: true\n", "QP805", None, _ITEM, "hidden"),
    "allow_fewer": _says("-- allow: [iam, jwt]\n", "-- allow: [jwt]\n", "QP805", None, _ITEM, "allow"),
    "allow_others": _says("-- allow: [iam]\n", "-- allow: [jwt]\n", "QP805", "QP805", _ITEM, "allow"),
    "allow_with_scope": _says("-- allow: [jwt]\n", "-- allow: ['jwt:scope=a']\n", "QP805", None, _ITEM, "allow"),
    "allow_some_keys": _says("-- allow: ['key:a*']\n", "-- allow: ['key:ab*']\n", "QP805", None, _ITEM, "allow"),
    "known_by_claim": _says(
        "-- allow: [jwt]\n", "-- allow: [jwt]\n-- params: {id: {from: claims.item}}\n", "QP803", "QP803", _ITEM
    ),
    "policies": _says("-- allow: [jwt]\n", "-- allow: [jwt]\n-- rls: true\n", "QP805", None, _ITEM, "rls"),
    "described": _says("", "-- summary: One item\n-- description: It is there.\n", None, None, _ITEM),
    "rewritten": Changed(_ITEM, "SELECT i.id, i.name FROM item AS i WHERE i.id = :id", None, None),
    "isolated": _says("", "-- isolation: serializable\n", None, None, _UPDATE),
    "cached": _says("-- http: GET /@/{id}\n", "-- http: GET /@/{id}\n-- cache: 60s\n", None, None, _ITEM),
    "reads_to_writes": Changed(
        "SELECT count(*) AS n FROM item",
        "-- result: many\nUPDATE item SET version = 1 WHERE true RETURNING 1::bigint AS n",
        "QP806",
        None,
    ),
}

_KINDS = {
    "many": "-- result: many\nUPDATE item SET version = 1 WHERE id = :id RETURNING id",
    "one": "-- result: one\nUPDATE item SET version = 1 WHERE id = :id RETURNING id",
    "maybe": "-- result: maybe\nUPDATE item SET version = 1 WHERE id = :id RETURNING id",
    "value": "-- result: value\nUPDATE item SET version = 1 WHERE id = :id RETURNING id",
    "affected": "-- result: affected\nUPDATE item SET version = 1 WHERE id = :id",
    "none": "-- result: none\nUPDATE item SET version = 1 WHERE id = :id",
}
KINDS = {
    f"{was}_to_{now}": Changed(_KINDS[was], _KINDS[now], "QP804", "QP804", "result")
    for was, now in permutations(_KINDS, 2)
    if was < now
}

PARAMETERS = {
    "parameter_gone": Changed(
        "-- params: {name: {optional: true}}\nSELECT 1 AS a WHERE (:name::text IS NULL OR :name = 'a')",
        "SELECT 1 AS a",
        *("QP803", None),
    ),
    "parameter_renamed": Changed("SELECT :a::int AS v", "SELECT :b::int AS v", "QP803", "QP803"),
    "parameter_required_and_new": Changed("SELECT 1 AS v", "SELECT 1 AS v WHERE :a::int = 1", "QP803", "QP803"),
    "parameter_optional_and_new": Changed(
        "SELECT 1 AS v",
        "-- params: {a: {optional: true}}\nSELECT 1 AS v WHERE (:a::int IS NULL OR :a = 1)",
        None,
        "QP803",
    ),
    "required": _narrows("integer", "optional: true", "minimum: -2147483648"),
    "required_with_default": _narrows("integer", "default: 7", "minimum: -2147483648"),
    "null_refused": _narrows("integer", "nullable: true", "minimum: -2147483648"),
    "another_default": _narrows("integer", "default: 7", "default: 8", "QP808", "QP808"),
    "default_for_null": _narrows("integer", "optional: true", "default: 8", "QP803", "QP808"),
    "minimum": _narrows("integer", "minimum: 0", "minimum: 1"),
    "maximum": _narrows("integer", "maximum: 9", "maximum: 8"),
    "exclusive_minimum": _narrows("numeric", "minimum: 0", "exclusiveMinimum: 0"),
    "exclusive_maximum": _narrows("numeric", "maximum: 9", "exclusiveMaximum: 9"),
    "multiple_of": _narrows("numeric", "multipleOf: 0.5", "multipleOf: 1"),
    "min_length": _narrows("text", "minLength: 1", "minLength: 2"),
    "max_length": _narrows("text", "maxLength: 5", "maxLength: 4"),
    "pattern_new": _narrows("text", "maxLength: 5", "maxLength: 5, pattern: '^a'"),
    "pattern_other": _narrows("text", "pattern: '^a'", "pattern: '^b'", "QP803", "QP803"),
    "format_new": _narrows("text", "maxLength: 50", "maxLength: 50, format: email"),
    "format_other": _narrows("text", "format: hostname", "format: email", "QP803", "QP803"),
    "enum_shorter": _narrows("text", "enum: [a, b]", "enum: [a]"),
    "enum_other": _narrows("text", "enum: [a]", "enum: [b]", "QP803", "QP803"),
    "constant": _narrows("text", "enum: [a, b]", "const: a"),
    "not": _narrows("text", "maxLength: 5", "maxLength: 5, not: {const: a}"),
    "branch_gone": _narrows("text", "anyOf: [{const: a}, {const: b}]", "anyOf: [{const: a}]"),
    "min_items": _narrows("integer[]", "minItems: 0", "minItems: 1"),
    "max_items": _narrows("integer[]", "maxItems: 5", "maxItems: 4"),
    "unique_items": _narrows("integer[]", "maxItems: 5", "maxItems: 5, uniqueItems: true"),
    "elements": _narrows("integer[]", "items: {minimum: 0}", "items: {minimum: 1}"),
    "contains": _narrows("integer[]", "maxItems: 5", "maxItems: 5, contains: {const: 1}"),
    "members": _narrows(
        "jsonb", "properties: {a: {type: integer}}", "properties: {a: {type: string}}", "QP803", "QP803"
    ),
    "member_required": _narrows("jsonb", "properties: {a: {}}", "properties: {a: {}}, required: [a]"),
    "members_closed": _narrows("jsonb", "properties: {a: {}}", "properties: {a: {}}, additionalProperties: false"),
    "members_named": _narrows("jsonb", "minProperties: 0", "propertyNames: {maxLength: 3}"),
    "members_fewer": _narrows("jsonb", "maxProperties: 3", "maxProperties: 2"),
    "members_more": _narrows("jsonb", "minProperties: 1", "minProperties: 2"),
    "members_together": _narrows("jsonb", "properties: {a: {}}", "properties: {a: {}}, dependentRequired: {a: [b]}"),
    "described": _narrows("integer", "maximum: 9", "maximum: 9, description: A number", None, None),
    "null_of_json": _narrows("jsonb", "description: A", "nullable: true", "QP808", "QP808"),
    "patched": Changed(
        "-- http: PATCH /@/{id}\n-- params: {name: {patch: true}, note: {patch: true}}\n"
        "UPDATE item SET name = :name, note = :note WHERE id = :id",
        "-- http: PATCH /@/{id}\n-- params: {name: {patch: true}, note: {optional: true}}\n"
        "UPDATE item SET name = :name, note = :note WHERE id = :id",
        *("QP808", "QP808", "params"),
    ),
    "batch": Changed(
        "INSERT INTO item (id, name) VALUES (:id, :name)",
        "-- batch: true\nINSERT INTO item (id, name) VALUES (:id, :name)",
        *("QP803", "QP803", "batch"),
    ),
    "in_a_batch": Changed(
        "-- batch: true\n-- params: {name: {maxLength: 9}}\nINSERT INTO item (id, name) VALUES (:id, :name)",
        "-- batch: true\n-- params: {name: {maxLength: 8}}\nINSERT INTO item (id, name) VALUES (:id, :name)",
        *("QP803", None, "params"),
    ),
    "body_of_bytes": Changed(
        "-- http: PUT /@/{id}\n-- body: raw\nUPDATE item SET raw = :raw WHERE id = :id",
        "-- http: PUT /@/{id}\nUPDATE item SET raw = :raw WHERE id = :id",
        *("QP803", None),
    ),
    "body_of_types": Changed(
        "-- http: PUT /@/{id}\n-- body: {parameter: raw, types: [image/png, image/gif]}\n"
        "UPDATE item SET raw = :raw WHERE id = :id",
        "-- http: PUT /@/{id}\n-- body: {parameter: raw, types: [image/png]}\n"
        "UPDATE item SET raw = :raw WHERE id = :id",
        *("QP803", None, "body"),
    ),
    "list_in_url": Changed(
        "-- http: GET /@\nSELECT 1 AS a WHERE :v::text[] IS NOT NULL",
        "-- http: GET /@\n-- params: {v: {type: 'text[][]'}}\nSELECT 1 AS a WHERE :v::text[] IS NOT NULL",
        *("QP803", "QP803"),
    ),
    "text_to_json_in_url": Changed(
        "-- http: GET /@\nSELECT 1 AS a WHERE :v::text IS NOT NULL",
        "-- http: GET /@\nSELECT 1 AS a WHERE :v::jsonb IS NOT NULL",
        *("QP803", "QP803", ":v"),
    ),
}

TYPES = {
    "int4_int8": _takes("integer", "bigint", None, "QP803"),
    "int2_int4": _takes("smallint", "integer", None, "QP803"),
    "int8_numeric": _takes("bigint", "numeric", None, "QP803"),
    "int4_float8": _takes("integer", "float8", None, "QP803"),
    "int8_float8": _takes("bigint", "float8", "QP803", "QP803"),
    "int4_float4": _takes("integer", "real", "QP803", "QP803"),
    "int2_float4": _takes("smallint", "real", None, "QP803"),
    "numeric_float8": _takes("numeric", "float8", "QP803", None),
    "numeric_float4": _takes("numeric", "real", "QP803", None),
    "float8_float4": _takes("float8", "real", "QP803", None),
    "int4_text": _takes("integer", "text", "QP803", "QP803"),
    "boolean_text": _takes("boolean", "text", "QP803", "QP803"),
    "text_bytea": _takes("text", "bytea", "QP803", "QP803"),
    "text_uuid": _takes("text", "uuid", "QP803", None),
    "text_date": _takes("text", "date", "QP803", None),
    "text_interval": _takes("text", "interval", "QP803", None),
    "text_inet": _takes("text", "inet", "QP803", None),
    "text_money": _takes("text", "money", "QP803", None),
    "text_range": _takes("text", "int4range", "QP803", None),
    "text_enum": _takes("text", "two", "QP803", None),
    "text_varchar": _takes("text", "varchar", None, None),
    "text_jsonb": _takes("text", "jsonb", "QP803", "QP803"),
    "date_timestamptz": _takes("date", "timestamptz", "QP803", "QP803"),
    "timestamptz_timestamp": _takes("timestamptz", "timestamp", "QP803", "QP803"),
    "time_timetz": _takes("time", "timetz", "QP803", "QP803"),
    "range_range": _takes("int4range", "int8range", "QP803", "QP803"),
    "bit_varbit": _takes("bit(4)", "varbit", None, None),
    "json_jsonb": _takes("json", "jsonb", None, None),
    "labels": _takes("two", "three", None, "QP803"),
    "domain": _takes("integer", "positive", "QP803", None),
    "list": _takes("integer", "integer[]", "QP803", "QP803"),
    "lists": _takes("integer[]", "bigint[]", None, "QP803"),
    "lists_of_floats": _takes("numeric[]", "float8[]", "QP803", None),
    "lists_of_bytes": _takes("text[]", "bytea[]", "QP803", "QP803"),
    "composite": _takes("place", "jsonb", None, "QP803"),
    "composite_smaller": _takes("place", "place_of_null", "QP803", "QP803"),
    "composite_of_bytes": _takes("place", "place_of_bytes", "QP803", None),
}

COLUMNS = {
    "column_gone": Changed(_ITEM, "SELECT id FROM item WHERE id = :id", "QP804", None),
    "column_renamed": Changed(_ITEM, "SELECT id, name AS title FROM item WHERE id = :id", "QP804", "QP804"),
    "columns_in_another_order": Changed(_ITEM, "SELECT name, id FROM item WHERE id = :id", None, None),
    "null": _gives("name", "note", "QP804", None),
    "int4_int8": _gives("id", "id::bigint", "QP804", None),
    "int4_text": _gives("id", "id::text", "QP804", "QP804"),
    "int4_numeric": _gives("id", "id::numeric", "QP804", None),
    "numeric_float8": _gives("price", "price::float8", "QP804", None),
    "numeric_float4": _gives("price", "price::real", "QP804", None),
    "float8_float4": _gives("price::float8", "price::real", "QP804", None),
    "text_bytea": _gives("name", "name::bytea", "QP804", "QP804"),
    "text_uuid": _gives("name", "name::uuid", "QP804", "QP804"),
    "text_date": _gives("name", "name::date", "QP804", "QP804"),
    "text_interval": _gives("name", "name::interval", "QP804", "QP804"),
    "text_inet": _gives("name", "name::inet", "QP804", "QP804"),
    "text_money": _gives("name", "name::money", "QP804", "QP804"),
    "text_range": _gives("name", "name::int4range", "QP804", "QP804"),
    "text_char": _gives("name", "name::char(3)", "QP804", "QP804"),
    "text_varchar": _gives("name", "name::varchar", None, None),
    "varchar_longer": _gives("name::varchar(3)", "name::varchar(4)", "QP804", None),
    "text_enum": _gives("state::text", "state", None, "QP804"),
    "timestamptz_date": _gives("made", "made::date", "QP804", "QP804"),
    "timestamptz_timestamp": _gives("made", "made::timestamp", "QP804", "QP804"),
    "json_jsonb": _gives("to_json(id)", "to_jsonb(id)", None, None),
    "labels": _gives("'new'::two", "'new'::three", "QP804", None),
    "list": _gives("id", "ARRAY[id]", "QP804", "QP804"),
    "lists": _gives("ARRAY[id]", "ARRAY[id::bigint]", "QP804", None),
    "lists_of_floats": _gives("ARRAY[price]", "ARRAY[price::float8]", "QP804", None),
    "lists_of_bytes": _gives("ARRAY[name]", "ARRAY[name::bytea]", "QP804", "QP804"),
    "composite": _gives("row('', '')::place", "row('', '', '')::place_with_country", None, "QP804"),
    "composite_of_bytes": _gives("row('', '')::place", "row('', '')::place_of_bytes", "QP804", "QP804"),
    "big_numbers": _says("", "-- big_numbers: string\n", "QP804", "QP804", "SELECT price FROM item", "big_numbers"),
    "value": Changed(
        "-- result: value\nSELECT count(*)::int FROM item", "-- result: value\nSELECT count(*) FROM item", "QP804", None
    ),
    "value_of_float": Changed(
        "-- result: value\nSELECT sum(price) FROM item",
        "-- result: value\nSELECT sum(price::float8) FROM item",
        "QP804",
        None,
    ),
}

_PAGE = "-- http: GET /@\n-- page: {by: [id], size: 5, max: 9}\n"
LISTS = {
    "pages_begin": _says("-- http: GET /@\n", _PAGE, "QP804", "QP804", _LIST),
    "pages_smaller": _says(_PAGE, _PAGE.replace("max: 9", "max: 8"), "QP803", None, _LIST, "max: 8"),
    "size_smaller": _says(_PAGE, _PAGE.replace("size: 5", "size: 4"), "QP808", None, _LIST, "size"),
    "order_of_pages": _says(_PAGE, _PAGE.replace("[id]", "[made, id]"), "QP808", "QP808", _LIST, "by"),
    "direction_of_pages": _says(_PAGE, _PAGE.replace("[id]", "[id desc]"), "QP808", "QP808", _LIST, "by"),
    "sort_key": _says(f"{_PAGE}-- sort: [name, price]\n", f"{_PAGE}-- sort: [name]\n", "QP803", None, _LIST, "sort:"),
    "sort": _says(f"{_PAGE}-- sort: [name]\n", _PAGE, "QP803", None, _LIST),
    "filter_key": _says(
        f"{_PAGE}-- filter: [name, price]\n", f"{_PAGE}-- filter: [name]\n", "QP803", None, _LIST, "filter:"
    ),
    "filter": _says(f"{_PAGE}-- filter: [name]\n", _PAGE, "QP803", None, _LIST),
    "count": _says(f"{_PAGE}-- count: true\n", _PAGE, "QP803", None, _LIST),
    "operators": Changed(
        f"{_PAGE}-- filter: [v]\nSELECT id, name AS v FROM item",
        f"{_PAGE}-- filter: [v]\nSELECT id, made AS v FROM item",
        *("QP803", "QP804"),
    ),
    "filter_of_floats": Changed(
        f"{_PAGE}-- filter: [v]\nSELECT id, price AS v FROM item",
        f"{_PAGE}-- filter: [v]\nSELECT id, price::float8 AS v FROM item",
        *("QP804", None, "v"),
    ),
}

_POST = "-- http: POST /@/{id}\n"
_ONE = f"{_POST}-- result: one\n"
ANSWERS = {
    "made": _says(_ONE, f"{_ONE}-- status: 201\n", "QP807", "QP807", _RETURNING, "status"),
    "accepted": _says(_ONE, f"{_ONE}-- status: 202\n", "QP807", "QP807", _RETURNING, "status"),
    "location_gone": _says(
        f"{_ONE}-- status: 201\n-- location: /a/{{id}}\n", f"{_ONE}-- status: 201\n", "QP807", None, _RETURNING
    ),
    "location_other": _says(
        f"{_ONE}-- status: 201\n-- location: /a/{{id}}\n",
        f"{_ONE}-- status: 201\n-- location: /b/{{id}}\n",
        *("QP807", "QP807", _RETURNING, "location"),
    ),
    "bytes": _says(
        "-- result: value\n-- http: GET /@\n",
        "-- result: value\n-- http: GET /@\n-- format: bytes\n-- type: image/png\n",
        *("QP807", "QP807", "SELECT raw FROM item LIMIT 1", "format"),
    ),
    "bytes_of_another_type": _says(
        "-- result: value\n-- http: GET /@\n-- format: bytes\n-- type: image/png\n",
        "-- result: value\n-- http: GET /@\n-- format: bytes\n-- type: image/gif\n",
        *("QP807", "QP807", "SELECT raw FROM item LIMIT 1", "type"),
    ),
    "formulas": _says("", "-- formulas: escape\n", "QP804", "QP804", _LIST, "formulas"),
    "tag_asked_for": _says(_ONE, f"{_ONE}-- etag: {{column: version, required: true}}\n", "QP807", "QP807", _RETURNING),
    "tag_taken": _says(_ONE, f"{_ONE}-- etag: version\n", None, "QP807", _RETURNING),
    "tag_required": _says(
        f"{_ONE}-- etag: version\n",
        f"{_ONE}-- etag: {{column: version, required: true}}\n",
        *("QP807", None, _RETURNING, "etag"),
    ),
    "tag_of_another_column": _says(
        f"{_ONE}-- etag: version\n", f"{_ONE}-- etag: changed\n", "QP807", "QP807", _RETURNING, "etag"
    ),
    "tag_of_a_read": _says(
        "-- result: one\n-- http: GET /@/{id}\n-- etag: version\n",
        "-- result: one\n-- http: GET /@/{id}\n",
        *("QP807", None, "SELECT id, version FROM item WHERE id = :id"),
    ),
    "key_asked_for": _says(_POST, f"{_POST}-- idempotency: required\n", "QP806", None, _UPDATE, "idempotency"),
    "key_refused": _says(_POST, f"{_POST}-- idempotency: off\n", "QP806", None, _UPDATE, "idempotency"),
    "answer_not_kept": _says(_ONE, f"{_ONE}-- answer: none\n", "QP806", None, _RETURNING, "answer"),
    "key_kept_shorter": _says(f"{_POST}-- keep: 2h\n", f"{_POST}-- keep: 1h\n", "QP806", None, _UPDATE, "keep"),
    "failure_named": _says(
        "", "-- errors: {item_email_key: {code: EmailTaken}}\n", "QP807", "QP807", _INSERT, "errors"
    ),
    "failure_renamed": _says(
        "-- errors: {item_email_key: {code: EmailTaken}}\n",
        "-- errors: {item_email_key: {code: Taken}}\n",
        *("QP807", "QP807", _INSERT, "errors"),
    ),
    "failure_of_another_status": _says(
        "-- errors: {item_email_key: {code: EmailKnown, status: 409}}\n",
        "-- errors: {item_email_key: {code: EmailKnown, status: 422}}\n",
        *("QP807", "QP807", _INSERT, "errors"),
    ),
    "failures_named": _says(
        "",
        "-- errors:\n--   item_email_key: {code: EmailTaken}\n--   item_code_key: {code: CodeTaken}\n"
        "--   item_pkey: {code: IdTaken}\n",
        *("QP807", "QP807", _INSERT, "errors"),
    ),
    "failure_in_other_words": _says(
        "-- errors: {item_email_key: {code: EmailTaken, detail: This one}}\n",
        "-- errors: {item_email_key: {code: EmailTaken, detail: That one}}\n",
        *(None, None, _INSERT),
    ),
}

CHANGES: dict[str, Changed] = {
    f"{group}_{name}": change
    for group, changes in {
        "operation": OPERATIONS,
        "kind": KINDS,
        "parameter": PARAMETERS,
        "type": TYPES,
        "column": COLUMNS,
        "list": LISTS,
        "answer": ANSWERS,
    }.items()
    for name, change in changes.items()
}
