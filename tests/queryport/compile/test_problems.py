"""What the compiler refuses: each rule's code, the place that it points at, and that nothing is held back."""

from collections.abc import Callable
from pathlib import Path

import pytest

from handler.contract.operation import Operation
from queryport.compile import compile_project
from queryport.diagnostics.rules import RULES, Severity
from queryport.diagnostics.source import Problem, Source, Span

Compile = Callable[[str], tuple[Operation | None, list[Problem]]]

# The code, the text with the place of the caret marked by ‸, and a part of the message.
CASES = [
    ("QP001", "‸", "no statement"),
    ("QP001", "-- summary: nothing follows‸", "no statement"),
    ("QP002", "SELECT 1 AS ‸\0", "U+0000"),
    ("QP003", "-- summary: [‸\nSELECT 1 AS a", "while parsing"),
    ("QP003", "-- summary: a‸: b\nSELECT 1 AS a", "mapping values"),
    ("QP004", "-- ‸sumary: x\nSELECT 1 AS a", "`sumary`"),
    ("QP004", "-- ‸int: less than\nSELECT 1 AS a", "unknown key `int`"),
    ("QP004", "-- ‸float: x\nSELECT 1 AS a", "unknown key `float`"),
    ("QP003", "-- ‸summary: a\x07b\nSELECT 1 AS a", "U+0007"),
    ("QP003", '-- ‸summary: "\\UFFFFFFFF"\nSELECT 1 AS a', "not valid YAML"),
    ("QP003", f"-- ‸summary: {'[' * 900}\nSELECT 1 AS a", "not valid YAML"),
    ("QP005", "-- summary: ‸!!int x\nSELECT 1 AS a", "YAML's ints"),
    ("QP005", f"-- retry: ‸{'9' * 5000}\nSELECT 1 AS a", "YAML's ints"),
    ("QP005", "-- summary: &a ‸[*a]\nSELECT 1 AS a".replace("&a ‸", "‸&a "), "holds itself"),
    ("QP005", "-- params: {int: {minimum: ‸x}}\nSELECT :int::int AS a", "`params.int.minimum`"),
    ("QP004", "-- params:\n--   a: {‸maximun: 3}\nSELECT :a::int AS a", "`maximun` in `params.a`"),
    ("QP004", "-- page: {by: [a], ‸sise: 5}\nSELECT 1 AS a", "`sise` in `page`"),
    ("QP005", "-- result: ‸lots\nSELECT 1 AS a", "got 'lots'"),
    ("QP005", "-- summary: x\n-- ‸summary: y\nSELECT 1 AS a", "twice"),
    ("QP005", "-- params:\n--   a: {optional: ‸'yes'}\nSELECT :a::int AS a", "`params.a.optional`"),
    ("QP005", "-- ‸- a list\nSELECT 1 AS a", "expected a mapping"),
    ("QP101", "SELECT ‸:a IS NULL AS missing", "cannot infer"),
    ("QP101", "SELECT jsonb_build_object('a', ‸:a) AS j", "cannot infer"),
    (
        "QP102",
        "SELECT name FROM person WHERE person_id = ‸:a AND name = :a",
        "bigint in one place and text in another",
    ),
    (
        "QP103",
        "-- params:\n--   ‸nme: {maxLength: 3}\nSELECT email FROM person WHERE name = :name",
        "no placeholder `:nme`",
    ),
    ("QP104", "SELECT ‸:'a' AS a", "psql"),
    ("QP104", "SELECT ‸:1 AS a", "digit"),
    ("QP104", "SELECT ‸:é AS a", "does not take"),
    ("QP104", "SELECT ‸:a$b AS a", "does not take"),
    ("QP105", "SELECT $$ ‸:a $$ AS a", "`:a` in this string"),
    ("QP105", "SELECT $f$ it is ':a' $f$ || $$‸:b$$ AS a", "in this string"),
    ("QP105", "SELECT $$it's$$ || ‸:a AS a", "a part of the string before"),
    ("QP106", "SELECT tags[1‸:2] AS t FROM person", "`:2` in this array slice"),
    ("QP106", "SELECT tags[1‸:n] AS t FROM person, (VALUES (2)) v(n)", "`:n` in this array slice"),
    ("QP106", "SELECT tags[‸:2] AS t FROM person", "`:2` in this array slice"),
    ("QP106", "SELECT tags[value‸:2] AS t FROM person, (VALUES (2)) v(value)", "`:2` in this array slice"),
    ("QP107", "SELECT name FROM person WHERE person_id = ‸$1", "`$1`"),
    ("QP108", "-- params:\n--   a: {type: ‸bigin}\nSELECT :a AS a", "`bigin`"),
    ("QP108", "-- params:\n--   a: {type: ‸'no such )('}\nSELECT :a AS a", "no such"),
    ("QP109", "-- params:\n--   a: {minimum: ‸3}\nSELECT name FROM person WHERE name = :a", "of numbers"),
    ("QP109", "-- params:\n--   a: {enum: ‸[glad]}\nSELECT name FROM person WHERE mood = :a", "`glad`"),
    ("QP109", "-- params:\n--   a: {default: ‸0, minimum: 1}\nSELECT name FROM person WHERE person_id = :a", "default"),
    ("QP109", "-- params:\n--   a: {default: ‸soon}\nSELECT name FROM person WHERE born = :a", "default"),
    ("QP109", "-- params:\n--   a: {format: ‸emial}\nSELECT name FROM person WHERE name = :a", "`emial`"),
    ("QP109", "-- params:\n--   a: {pattern: ‸'('}\nSELECT name FROM person WHERE name = :a", "regular expression"),
    (
        "QP109",
        "-- params:\n--   a: {pattern: ‸'(?=x)y'}\nSELECT name FROM person WHERE name = :a",
        "invalid perl operator",
    ),
    ("QP109", "-- params:\n--   a: {items: {pattern: ‸'('}}\nSELECT name FROM person WHERE tags = :a", "missing )"),
    ("QP109", "-- params:\n--   a: {items: {format: ‸emial}}\nSELECT name FROM person WHERE tags = :a", "`emial`"),
    (
        "QP109",
        "-- params:\n--   a: {items: {minimum: ‸1}}\nSELECT name FROM person WHERE tags = :a",
        "an element of `:a`",
    ),
    (
        "QP109",
        "-- params:\n--   a: {not: {$ref: ‸'#'}}\nSELECT name FROM person WHERE name = :a",
        "`$ref` is not a keyword",
    ),
    (
        "QP111",
        "-- params:\n--   a: {pattern: ‸'^\\p{L}{1,100}$'}\nSELECT name FROM person WHERE name = :a",
        "is refused",
    ),
    ("QP109", "-- params:\n--   a: {items: {type: ‸nonsense}}\nSELECT name FROM person WHERE tags = :a", "JSON Schema"),
    ("QP110", "-- ‸page: {by: [person_id]}\nSELECT person_id FROM person WHERE person_id > :limit", "`:limit`"),
    ("QP110", "SELECT ‸:__key::int AS a", "two underscores"),
    ("QP201", "SELECT name FROM person WHER ‸name = :a", 'at or near "name"'),
    ("QP201", "SELECT ‸'open", "unterminated"),
    ("QP202", "SELECT name‸:a FROM person", 'near ":a"'),
    ("QP201", "-- @one\nSELECT 1 AS a; SELECT name FROM person WHERE person_id = :one.a‸:one.a", "syntax error"),
    ("QP202", "SELECT ‸nme FROM person", "42703"),
    ("QP202", "SELECT name FROM ‸persons", "42P01"),
    ("QP202", "SELECT 'é' AS e, ‸nme FROM person -- é", "42703"),
    ("QP202", "-- summary: x\n\nSELECT name\nFROM person\nWHERE ‸nosuch(:a) = 1", "42883"),
    ("QP202", "SELECT ‸:a + :b AS c".replace("‸:a +", ":a ‸+"), "42725"),
    ("QP202", "SELECT 1 AS a; SELECT ‸nothing AS b", "42703"),
    ("QP202", "CREATE TEMP TABLE t AS SELECT 1 AS a; SELECT a FROM t; SELECT ‸b FROM t", "42703"),
    ("QP202", "‸CREATE TABLE person (a int); SELECT 1 AS a", "42P07"),
    ("QP204", "‸COPY person TO STDOUT", "COPY"),
    ("QP205", "‸LISTEN news", "LISTEN"),
    ("QP205", "‸UNLISTEN news", "UNLISTEN"),
    ("QP206", "‸BEGIN", "transaction"),
    ("QP206", "-- summary: x\n‸COMMIT;", "transaction"),
    ("QP206", "‸SAVEPOINT a", "transaction"),
    ("QP206", "‸LOCK TABLE person", "LOCK"),
    ("QP207", "‸SET search_path = public", "clean session"),
    ("QP207", "‸PREPARE a AS SELECT 1", "clean session"),
    ("QP207", "‸DECLARE c CURSOR FOR SELECT 1", "cursor"),
    ("QP208", "‸EXPLAIN SELECT 1", "EXPLAIN"),
    ("QP208", "‸SHOW work_mem", "SHOW"),
    ("QP208", "‸CALL twice(:a, NULL)", "cannot be rendered"),
    ("QP208", "-- @r\n‸CALL twice(:a, NULL);\nSELECT :r.doubled AS b", "cannot be rendered"),
    ("QP208", "-- result: none\n-- @r\n‸CALL twice(1, NULL);\nSELECT 1 AS b", "cannot be rendered"),
    (
        "QP209",
        "SELECT date_trunc(:u, ‸at) AS d, count(*) FROM visit GROUP BY date_trunc(:u, at)",
        "GROUP BY",
    ),
    ("QP210", "DELETE FROM ‸person", "DELETE"),
    ("QP210", "UPDATE ‸person SET name = :a", "UPDATE"),
    ("QP210", "WITH gone AS (DELETE FROM ‸visit RETURNING visit_id) SELECT visit_id FROM gone", "DELETE"),
    ("QP211", f"‸SELECT '{'x' * 66_000}' AS a", "65,536"),
    ("QP213", f"SELECT {' + '.join(['1'] * 401)} ‸+ 1 AS a", "400 levels"),
    ("QP213", f"SELECT {'(' * 400}‸(1){')' * 400} AS a", "400 levels"),
    ("QP301", "-- result: ‸one\nDELETE FROM visit WHERE visit_id = :v", "a count of rows"),
    ("QP301", "-- result: ‸affected\nSELECT 1 AS a", "gives rows"),
    ("QP301", "-- result: ‸affected\nDELETE FROM visit WHERE visit_id = :v RETURNING visit_id", "gives rows"),
    ("QP301", "-- result: ‸value\nSELECT 1 AS a, 2 AS b", "2 columns"),
    ("QP301", "-- result: ‸many\nCREATE TABLE t (a int)", "neither"),
    ("QP302", "SELECT name, ‸email AS name FROM person", "called `name`"),
    ("QP303", "SELECT name, ‸1 + 1 FROM person", "column 2"),
    ("QP304", "SELECT ‸* FROM visit", "change with the table"),
    ("QP304", "SELECT ‸v.* FROM visit v", "change with the table"),
    ("QP304", "DELETE FROM visit WHERE visit_id = :v RETURNING ‸*", "change with the table"),
    (
        "QP306",
        "-- errors: {‸person_email_kez: {detail: x}}\nINSERT INTO person (email, name) VALUES (:a, :b)",
        "no constraint or unique index is called `person_email_kez`",
    ),
    ("QP306", "-- errors: {‸P0001: {detail: x}}\nSELECT 1 AS a", "is called `P0001`"),
    ("QP306", "-- errors: {‸visit.person_email_key: {}}\nDELETE FROM person WHERE true", "is called `visit.person"),
    (
        "QP307",
        "-- errors: {person_email_key: ‸{code: Throttled}}\nINSERT INTO person (email, name) VALUES (:a, :b)",
        "`Throttled` says what a broken constraint is not",
    ),
    (
        "QP307",
        "-- errors: {person_email_key: ‸{code: NotFound, status: 409}}\nINSERT INTO person (email) VALUES (:a)",
        "`NotFound` has the status 404",
    ),
    (
        "QP307",
        "-- errors: {person_email_key: ‸{status: 410}}\nINSERT INTO person (email, name) VALUES (:a, :b)",
        "a status needs a `code`",
    ),
    (
        "QP307",
        "-- errors: {person_email_key: {pointer: ‸/email}}\nINSERT INTO person (email, name) VALUES (:a, :b)",
        "`/email` is no parameter",
    ),
    (
        "QP308",
        "-- errors: {‸person_email_key: {detail: x}}\nINSERT INTO visit VALUES (1, 1, 1, now())",
        "cannot break `person_email_key`",
    ),
    ("QP308", "-- errors: {‸visit_pkey: {detail: x}}\nUPDATE visit SET small = :a WHERE true", "cannot break"),
    ("QP005", "-- errors: {person_email_key: {code: ‸email taken}}\nSELECT 1 AS a", "a name such as EmailTaken"),
    ("QP005", "-- errors: {person_email_key: {status: ‸500}}\nSELECT 1 AS a", "at most 499"),
    ("QP004", "-- errors: {person_email_key: {‸message: x}}\nSELECT 1 AS a", "`message` in `errors.person_email_key`"),
    ("QP401", "-- http: ‸FETCH /people\nSELECT name FROM person", "`FETCH`"),
    ("QP401", "-- http: ‸GET people\nSELECT name FROM person", "not a path"),
    ("QP401", "-- http: ‸GET /people/\nSELECT name FROM person", "not a path"),
    ("QP401", "-- http: ‸GET /operations/x\nSELECT name FROM person", "Queryport's own"),
    ("QP401", "-- http: ‸GET /a/{x}/{x}\nSELECT name FROM person WHERE name = :x", "twice"),
    ("QP401", "-- http: ‸GET /a/b{x}\nSELECT name FROM person WHERE name = :x", "not a segment"),
    ("QP402", "-- http: ‸GET /people/{nme}\nSELECT email FROM person WHERE name = :name", "no `:nme`"),
    ("QP403", "-- http: ‸GET /gone\nDELETE FROM visit WHERE visit_id = :v", "must not change"),
    ("QP408", "-- http: ‸GET /touched\n-- result: none\nSELECT touch(:p) AS t", "must not change"),
    ("QP403", "-- http: ‸GET /locked\nSELECT name FROM person FOR UPDATE", "must not change"),
    ("QP404", "-- http: ‸GET /p/{tags}\nSELECT name FROM person WHERE tags = :tags", "not a single value"),
    (
        "QP404",
        "-- http: ‸GET /p/{a}\n-- params: {a: {optional: true}}\nSELECT name FROM person WHERE name = :a",
        "optional",
    ),
    (
        "QP114",
        "-- params: {a: {patch: true}}\nUPDATE person SET name = :a WHERE person_id = 1 AND code = ‸:a",
        "nothing can be left out for it here",
    ),
    ("QP114", "-- params: {a: {patch: true}}\nINSERT INTO person (code) SELECT ‸:a", "a plain VALUES alone"),
    (
        "QP114",
        "-- params: {a: {patch: true, ‸optional: true}}\nUPDATE person SET name = :a WHERE person_id = 1",
        "`patch` and `optional`",
    ),
    (
        "QP404",
        "-- http: ‸PATCH /p/{a}\n-- params: {a: {patch: true}, b: {patch: true}}\n"
        "UPDATE person SET name = :a, code = :b WHERE person_id = 1",
        "the parameter is optional",
    ),
    ("QP406", "-- page: ‸{by: [name]}\n-- result: one\nSELECT name FROM person", "`result: many`"),
    ("QP406", "-- page: {by: [‸nme]}\nSELECT name FROM person", "`nme`"),
    ("QP406", "-- page: {by: [‸name up]}\nSELECT name FROM person", "`name up`"),
    ("QP406", "-- page: {by: [‸home]}\nSELECT home FROM person", "of a type"),
    ("QP406", "-- page: {by: [‸x]}\nSELECT xmin AS x FROM person", "of a type"),
    ("QP406", "-- page: {by: [‸p]}\nSELECT point(1, 2) AS p", "of a type"),
    (
        "QP406",
        "-- page: {by: [person_id, ‸b]}\nSELECT person_id, box(point(1, 2), point(3, 4)) AS b FROM person",
        "a type",
    ),
    ("QP406", "-- page: {by: [person_id], size: ‸9, max: 5}\nSELECT person_id FROM person", "more than `max`"),
    ("QP407", "-- page: {by: ‸[name]}\nSELECT name FROM person", "tell every row apart"),
    ("QP426", "-- etag: ‸code\nUPDATE person SET name = :n WHERE person_id = 1", "nothing changes `code` with the row"),
    ("QP005", "-- etag: ‸[version]\nSELECT 1 AS a", "expected the name of a column, or a mapping"),
    ("QP004", "-- etag: {column: a, ‸needed: true}\nSELECT 1 AS a", "`needed` in `etag`"),
    ("QP423", "-- etag: ‸name\nSELECT name FROM person", "`result: many` has not one"),
    ("QP423", "-- etag: ‸code\n-- batch: true\nUPDATE person SET name = :n WHERE person_id = 1", "a batch has not one"),
    (
        "QP423",
        "-- etag: ‸code\n-- result: many\nUPDATE person SET name = :n WHERE person_id = 1 RETURNING code",
        "`result: many` has not one",
    ),
    ("QP423", "-- etag: ‸nme\n-- result: one\nSELECT name FROM person", "no column `nme`"),
    ("QP423", "-- etag: ‸score\n-- result: one\nSELECT score FROM person", "no texts and no whole numbers"),
    ("QP423", "-- etag: ‸score\nUPDATE person SET name = :n WHERE person_id = 1", "no texts and no whole numbers"),
    ("QP423", "-- etag: {column: a, required: ‸true}\n-- result: one\nSELECT 1 AS a", "UPDATE or DELETE alone"),
    (
        "QP423",
        "-- etag: ‸version\nUPDATE person SET name = :n WHERE person_id = 1",
        "neither the answer nor",
    ),
    (
        "QP423",
        "-- etag: ‸code\n-- result: one\nUPDATE person SET name = :n WHERE person_id = 1 RETURNING upper(code) AS code",
        "no column of person as it stands there",
    ),
    (
        "QP423",
        "-- etag: ‸at\n-- result: one\n"
        "UPDATE person p SET name = :n FROM visit v WHERE v.person_id = p.person_id AND visit_id = 1 RETURNING at",
        "no column of person as it stands there",
    ),
    (
        "QP423",
        "-- ‸etag: code\nDELETE FROM visit WHERE visit_id = 1; DELETE FROM person WHERE person_id = 1",
        "several",
    ),
    ("QP005", "-- status: ‸302\nSELECT 1 AS a", "one of 200, 201, 202, 204, got 302"),
    ("QP005", "-- cache: ‸an hour\nSELECT 1 AS a", "expected a time such as `60s`, or a mapping, got 'an hour'"),
    ("QP005", "-- cache: {max_age: ‸-1}\nSELECT 1 AS a", "`cache.max_age`: expected at least 0, got -1"),
    ("QP004", "-- cache: {‸maxage: 1}\nSELECT 1 AS a", "`maxage` in `cache`"),
    ("QP420", "-- status: ‸201\nSELECT 1 AS a", "only reads"),
    ("QP420", "-- status: ‸204\nDELETE FROM visit WHERE visit_id = :v", "`result: affected` has one"),
    (
        "QP421",
        "-- result: one\n-- location: ‸/v/{visit_id}\nDELETE FROM visit WHERE visit_id = :v RETURNING visit_id",
        "the status does not say so",
    ),
    (
        "QP421",
        "-- status: 201\n-- location: ‸/v/{visit_id}\nDELETE FROM visit WHERE visit_id = :v RETURNING visit_id",
        "`result: many` has not one row",
    ),
    (
        "QP421",
        "-- result: one\n-- status: 201\n-- location: ‸/v/{visit}\n"
        "DELETE FROM visit WHERE visit_id = :v RETURNING visit_id",
        "the row has no such column",
    ),
    (
        "QP421",
        "-- result: one\n-- status: 201\n-- location: ‸v/{visit_id}\n"
        "DELETE FROM visit WHERE visit_id = :v RETURNING visit_id",
        "is not a path",
    ),
    (
        "QP421",
        "-- result: one\n-- status: 201\n-- location: ‸/v/{tags}\n"
        "UPDATE person SET name = name WHERE person_id = :v RETURNING tags",
        "not a single value",
    ),
    ("QP005", "-- format: ‸csv\nSELECT 1 AS a", "expected one of 'bytes', got 'csv'"),
    ("QP005", "-- formulas: ‸run\nSELECT 1 AS a", "got 'run'"),
    ("QP005", "-- body: ‸[photo]\nSELECT 1 AS a", "expected a mapping, got"),
    ("QP004", "-- body: {‸params: photo}\nSELECT 1 AS a", "`params` in `body`"),
    ("QP425", "-- ‸type: image/png\n-- result: value\nSELECT 'x'::bytea AS a", "which is not written"),
    ("QP425", "-- format: ‸bytes\n-- result: value\nSELECT 'x'::bytea AS a", "no media type"),
    ("QP425", "-- format: bytes\n-- type: ‸png\n-- result: value\nSELECT 'x'::bytea AS a", "`png` is no media type"),
    ("QP425", "-- format: ‸bytes\n-- type: a/b\nSELECT 'x'::bytea AS a", "the result is `many`"),
    ("QP425", "-- format: ‸bytes\n-- type: a/b\n-- result: value\nSELECT 'x'::text AS a", "`a` is none"),
    ("QP424", "-- ‸body: a\nSELECT :a::bytea AS a", "no such route"),
    ("QP424", "-- http: GET /a\n-- ‸body: a\nSELECT :a::bytea AS a", "no such route"),
    ("QP424", "-- http: POST /a\n-- body: ‸b\nSELECT :a::bytea AS a", "no `:b`"),
    ("QP424", "-- http: POST /a\n-- body: ‸a\nSELECT :a::text AS a", "is no bytea"),
    ("QP424", "-- http: POST /{a}\n-- body: ‸a\nSELECT :a::bytea AS a", "in the path already"),
    (
        "QP424",
        "-- http: POST /a\n-- body: ‸a\n-- params: {a: {from: claims.a}}\nSELECT :a::bytea AS a",
        "comes from the caller",
    ),
    ("QP424", "-- http: POST /a\n-- body: {parameter: a, types: [‸png]}\nSELECT :a::bytea AS a", "no media type"),
    (
        "QP424",
        "-- http: POST /a\n-- batch: true\n-- ‸body: n\nUPDATE person SET name = encode(:n::bytea, 'hex') "
        "WHERE person_id = :i",
        "array of objects",
    ),
    ("QP422", "-- ‸cache: 60s\nSELECT 1 AS a", "no route with GET"),
    ("QP422", "-- http: GET /a\n-- cache: {public: ‸true}\nSELECT 1 AS a", "`allow` is iam, direct"),
    (
        "QP422",
        "-- http: GET /a\n-- allow: [anyone]\n-- rls: true\n-- cache: {public: ‸true}\nSELECT name FROM person",
        "the database's policies see the caller",
    ),
    (
        "QP422",
        "-- http: GET /a\n-- allow: [anyone]\n-- params: {n: {from: claims.n}}\n-- cache: {public: ‸true}\n"
        "SELECT email FROM person WHERE name = :n",
        "`:n` comes from the caller",
    ),
    ("QP422", "-- http: GET /a\n-- cache: {stale_while_revalidate: ‸5}\nSELECT 1 AS a", "there is none"),
    ("QP411", "-- sort: ‸[name]\n-- result: one\nSELECT name FROM person", "only a reading query"),
    ("QP411", "-- filter: ‸[small]\nDELETE FROM visit WHERE visit_id = :v RETURNING small", "only a reading query"),
    ("QP411", "-- ‸count: true\nSELECT name FROM person", "who reads it can count them"),
    (
        "QP411",
        "-- ‸count: true\n-- page: {by: [person_id]}\nSELECT person_id FROM person FOR UPDATE",
        "may change something",
    ),
    ("QP411", "-- ‸sort: [name]\nSELECT name FROM person; SELECT name FROM person", "several statements"),
    ("QP412", "-- sort: [name, ‸nme]\nSELECT name FROM person", "no output column `nme`"),
    ("QP412", "-- filter: [‸home.street]\nSELECT home FROM person", "no output column"),
    ("QP412", "-- sort: [name, ‸name]\nSELECT name FROM person", "twice"),
    ("QP412", "-- filter: [‸'a,b']\nSELECT name AS \"a,b\" FROM person", "in a URL"),
    ("QP412", "-- sort: [‸x]\nSELECT xmin AS x FROM person", "of a type"),
    ("QP412", "-- sort: [‸tags]\n-- page: {by: [person_id]}\nSELECT person_id, tags FROM person", "of a type"),
    ("QP412", "-- filter: [‸r]\nSELECT row(1, 2) AS r", "no value can be compared"),
    ("QP110", "-- ‸sort: [name]\nSELECT name FROM person WHERE name > :sort", "`sort:` adds itself"),
    ("QP110", "-- ‸filter: [name]\nSELECT name FROM person WHERE name > :filter", "`filter:` adds itself"),
    (
        "QP110",
        "-- ‸count: true\n-- page: {by: [person_id]}\nSELECT person_id FROM person WHERE person_id > :count",
        "adds itself",
    ),
    ("QP703", "-- role: reader\n-- ‸sort: [visit_id]\nSELECT visit_id FROM visit", "cannot see the caller's claims"),
    ("QP005", "-- idempotency: ‸sometimes\nSELECT 1 AS a", "got 'sometimes'"),
    ("QP005", "-- keep: ‸a day\nDELETE FROM visit WHERE visit_id = :v", "got 'a day'"),
    ("QP005", "-- isolation: ‸snapshot\nSELECT 1 AS a", "got 'snapshot'"),
    ("QP005", "-- retry: ‸21\nSELECT 1 AS a", "got 21"),
    ("QP102", "SELECT name FROM person WHERE person_id = ‸:a; SELECT name FROM person WHERE name = :a", "in another"),
    ("QP406", "-- ‸page: {by: [name]}\nSELECT name FROM person; SELECT name FROM person", "several calls"),
    ("QP501", "SELECT 1 AS a\n‸-- @late", "in front of"),
    ("QP501", "SELECT\n‸-- @inside\n1 AS a; SELECT 2 AS b", "in front of"),
    ("QP501", "‸-- @1st\nSELECT 1 AS a; SELECT 2 AS b", "not a name"),
    ("QP501", "-- @one\nSELECT 1 AS a;\n‸-- @one\nSELECT 2 AS b", "called `one`"),
    ("QP501", "-- @result\nSELECT 1 AS a;\n‸-- @result\nSELECT 2 AS b", "marked as the result"),
    ("QP502", "-- @one\nSELECT 1 AS a; SELECT ‸:won.a AS b", "no statement is called `won`"),
    ("QP502", "SELECT ‸:two.b AS a;\n-- @two\nSELECT 2 AS b", "not there yet"),
    ("QP502", "-- @one\nSELECT 1 AS a; SELECT ‸:one.b AS b", "no column `b`"),
    ("QP502", "-- @one\nDELETE FROM visit WHERE visit_id = 1; SELECT ‸:one.b AS b", "gives no row"),
    ("QP202", "-- @one\nSELECT 'x'::text AS a; SELECT name FROM person WHERE person_id ‸= :one.a", "42883"),
    ("QP301", "-- result: ‸value\n-- @result\n-- @one\nSELECT 1 AS a; SELECT :one.a AS b", "no names"),
    ("QP503", "-- idempotency: ‸required\nSELECT 1 AS a", "only reads"),
    ("QP503", "-- idempotency: ‸optional\nCALL forget(:p)", "CALL or DDL"),
    ("QP503", "-- idempotency: off\n-- ‸keep: 1h\nDELETE FROM visit WHERE visit_id = :v", "takes none"),
    ("QP503", "-- idempotency: off\n-- ‸answer: none\nDELETE FROM visit WHERE visit_id = :v", "takes none"),
    ("QP504", "-- ‸batch: true\nSELECT name FROM person WHERE name = :n", "another statement"),
    ("QP504", "-- ‸batch: true\nDELETE FROM visit WHERE visit_id = :v RETURNING small", "gives some"),
    ("QP504", "-- ‸batch: true\nDELETE FROM visit WHERE visit_id = :v; SELECT 1 AS a", "one statement for each"),
    ("QP504", "-- batch: true\n-- http: ‸DELETE /v/{v}\nDELETE FROM visit WHERE visit_id = :v", "in the path"),
    ("QP701", "-- allow: [iam, ‸everyone]\nSELECT 1 AS a", "`everyone` is no rule"),
    ("QP702", "-- params: {a: {from: ‸claim.x}}\nSELECT :a::int AS a", "nothing that a caller has"),
    ("QP702", "-- params: {a: {from: claims.x, ‸default: 1}}\nSELECT :a::int AS a", "a default would stand for"),
    ("QP703", "-- role: ‸none\nSELECT 1 AS a", "`none` is the name of no role"),
    ("QP703", "-- role: ‸''\nSELECT 1 AS a", "`` is the name of no role"),
    ("QP703", "-- role: ‸Default\nSELECT 1 AS a", "`Default` is the name of no role"),
    ("QP703", "-- role: ‸session_user\nSELECT 1 AS a", "`session_user` is the name of no role"),
    ("QP703", f"-- role: ‸{'r' * 64}\nSELECT 1 AS a", "is the name of no role"),
    ("QP703", "-- role: claims.role\n-- roles: [reader, ‸none]\nSELECT 1 AS a", "`none` is the name of no role"),
    ("QP703", "-- role: ‸claims.role\nSELECT 1 AS a", "a claim may name any role"),
    (
        "QP703",
        "-- role: reader\n-- ‸page: {by: [visit_id]}\nSELECT visit_id FROM visit",
        "cannot see the caller's claims in one request",
    ),
]


@pytest.mark.parametrize(
    ("code", "marked", "message"), CASES, ids=[f"{code}-{n}" for n, (code, _, _) in enumerate(CASES)]
)
def test_a_problem_points_at_its_place(compile_text: Compile, code: str, marked: str, message: str) -> None:
    first, _, rest = marked.partition("‸")
    operation, problems = compile_text(first + rest.replace("‸", ""))
    found = [problem for problem in problems if problem.code == code]
    assert found, [problem.render() for problem in problems]
    assert message in found[0].message
    line, column = first.count("\n") + 1, len(first) - (first.rfind("\n") + 1) + 1
    assert (found[0].line, found[0].column) == (line, column), found[0].render()
    assert (operation is None) == (RULES[code].severity is Severity.ERROR)


def test_every_rule_has_a_case() -> None:
    of_projects = {"QP006", "QP007", "QP008", "QP009", "QP010", "QP011", "QP405"}
    of_folders = {"QP704"}  # see test_folders.py
    of_policies = {"QP705", "QP706"}  # see test_protection.py and tests/queryport/access/test_role.py
    of_rules = {"QP212"}  # see test_writes.py
    of_messages = {"QP012", "QP112", "QP113", "QP214", "QP215", "QP305", "QP409", "QP410"}  # see test_messages.py
    of_scripts = {code for code in RULES if code.startswith("QP6")}  # see tests/queryport/migrations
    of_changes = {code for code in RULES if code.startswith("QP8")}  # see tests/queryport/breaking
    of_all = of_changes | of_projects | of_folders | of_policies | of_rules | of_messages | of_scripts
    assert {code for code, _, _ in CASES} | of_all == set(RULES)


def test_all_problems_of_a_file_are_reported_at_once(compile_text: Compile) -> None:
    _, problems = compile_text(
        "-- result: one\n-- http: GET /x/{b}\n-- params: {c: {}}\nUPDATE visit SET small = :a RETURNING visit_id, 1"
    )
    assert {problem.code for problem in problems} == {"QP103", "QP210", "QP303", "QP402", "QP403"}


def test_occurrences_that_disagree_are_both_shown(compile_text: Compile) -> None:
    _, problems = compile_text("SELECT name\nFROM person\nWHERE person_id = :a\n  AND born = :a")
    assert "query.sql:3:19 QP102" in problems[0].render()
    assert "query.sql:4:14" in problems[0].render()


def test_a_problem_is_rendered_with_its_line_a_caret_and_the_cure() -> None:
    source = Source(Path("a.sql"), "SELECT 1\n\tFROM here\n")
    problem = source.problem("QP202", Span(15, 19), "there is no table `here`", "make one")
    assert problem.render() == (
        "a.sql:2:7 QP202 there is no table `here`\n  |\n2 | \tFROM here\n  | \t     ^^^^\n  = help: make one"
    )
    assert "\x1b[1;31m^^^^\x1b[0m" in problem.render(color=True)


def test_a_warning_says_so(compile_text: Compile) -> None:
    operation, (problem,) = compile_text("SELECT * FROM visit")
    assert operation is not None
    assert "QP304 warning: " in problem.render()


def test_a_star_over_columns_that_the_file_names_is_no_problem(compile_text: Compile) -> None:
    for text in ("WITH a AS (SELECT 1 AS x) SELECT * FROM a", "SELECT * FROM (VALUES (1)) v(x)"):
        assert compile_text(text)[1] == []


def test_project_wide_clashes(tmp_path: Path, schema_url: str) -> None:
    files = {
        "a/one.sql": "-- http: GET /x/{a}\nSELECT name FROM person WHERE name = :a",
        "a/two.sql": "-- http: GET /x/{b}\nSELECT name FROM person WHERE name = :b",
        "a.three.sql": "SELECT 1 AS x",
        "a/three.sql": "SELECT 1 AS x",
        "b/bad-name.sql": "SELECT 1 AS x",
        "b/good.sql": "SELECT 1 AS x",
        "b/latin.sql": "SELECT 'é' AS x",
        "queryport/mine.sql": "SELECT 1 AS x",
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="latin-1")
    compilation = compile_project(tmp_path, schema_url)
    found = [(problem.path.name, problem.code) for problem in compilation.problems]
    assert sorted(found) == [
        ("a.three.sql", "QP007"),
        ("bad-name.sql", "QP006"),
        ("latin.sql", "QP002"),
        ("mine.sql", "QP008"),
        ("two.sql", "QP405"),
    ]
    (clash,) = (problem for problem in compilation.problems if problem.code == "QP405")
    assert [(place.path.name, place.line, place.column) for place in (clash.place, *clash.also)] == [
        ("two.sql", 1, 10),
        ("one.sql", 1, 10),
    ]
    assert "the route of `a.two` and of `a.one`" in clash.message
    assert [operation.name for operation in compilation.operations] == ["a.one", "a.three", "b.good"]
    assert not compilation.ok
