"""Query files for every type of a database: read as it comes, as a list, as a list of lists, and written."""

from typing import NamedTuple

import psycopg

# The types of a user's own, and the extensions whose types parse what a caller writes.
SCHEMA = """
CREATE EXTENSION hstore;
CREATE EXTENSION ltree;
CREATE EXTENSION cube;
CREATE EXTENSION seg;
CREATE EXTENSION citext;
CREATE EXTENSION isn;
CREATE EXTENSION intarray;
CREATE EXTENSION vector;
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE DOMAIN positive AS integer CHECK (value > 0);
CREATE DOMAIN code AS text CHECK (value ~ '^[A-Z]+$');
CREATE TYPE point3 AS (x integer, y numeric, label text);
CREATE TYPE stop AS (at point3, arrival timestamptz, tags text[]);
CREATE TYPE textrange AS RANGE (subtype = text);
CREATE TABLE named (
  name text PRIMARY KEY, words tsvector GENERATED ALWAYS AS (to_tsvector('english', name)) STORED);
CREATE FUNCTION broken(name text) RETURNS integer LANGUAGE plpgsql STABLE AS $$
BEGIN RETURN (SELECT count(*) FROM not_there WHERE not_there.name = broken.name); END $$;
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN EXECUTE 'SELEKT'; RETURN NEW; END $$;
CREATE TABLE owner (name text PRIMARY KEY);
CREATE TABLE guarded (name text REFERENCES owner ON UPDATE CASCADE);
INSERT INTO owner VALUES ('first');
INSERT INTO guarded VALUES ('first');
CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON guarded FOR EACH ROW EXECUTE FUNCTION refuse();
CREATE TABLE counted (id integer PRIMARY KEY, times integer NOT NULL);
CREATE TABLE item (
  item_id integer PRIMARY KEY CHECK (item_id > 0), name text NOT NULL UNIQUE, price numeric CHECK (price >= 0),
  at timestamptz, tags text[], doc jsonb, mood mood, during int4range, code code, version integer NOT NULL DEFAULT 1);
INSERT INTO item SELECT n, 'item ' || n, n / 3.0, now(), ARRAY['a'], '{"n": 1}', 'ok', int4range(n, n + 2), 'A', 1
FROM generate_series(1, 20) n;
CREATE FUNCTION reject(words text, advice text) RETURNS integer LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION USING ERRCODE = 'SH001', MESSAGE = 'refused', HINT = json_build_object('of', 'hint')::text;
END $$;
"""

_TYPES = """
SELECT t.typname, format_type(t.oid, NULL), t.typarray <> 0
FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace LEFT JOIN pg_class c ON c.oid = t.typrelid
WHERE t.typtype IN ('b', 'c', 'd', 'e', 'r', 'm') AND n.nspname IN ('pg_catalog', 'public')
  AND (c.oid IS NULL OR c.relkind = 'c')
  AND NOT (t.typelem <> 0 AND t.typlen = -1 AND t.typsubscript = 'array_subscript_handler'::regproc
           AND t.typname NOT IN ('int2vector', 'oidvector'))
ORDER BY 1
"""

# Where PostgreSQL refuses a value that no schema could: in functions, indexes and clauses.
STATEMENTS = {
    "search": "SELECT name FROM named WHERE words @@ websearch_to_tsquery('english', :words)",
    "query": "SELECT name FROM named WHERE words @@ to_tsquery('english', :words)",
    "add": "INSERT INTO named (name) VALUES (:name) ON CONFLICT DO NOTHING",
    "upsert": "INSERT INTO counted SELECT unnest(:ids::int[]), 1 ON CONFLICT (id) DO UPDATE SET times = 2",
    "matching": "SELECT name FROM named WHERE name ~ :pattern OR name LIKE :like OR name SIMILAR TO :similar",
    "shown": "-- result: value\nSELECT to_char(:number::numeric, :form) AS text",
    "path": "-- result: value\nSELECT jsonb_path_query_array(:doc::jsonb, :path::jsonpath) AS found",
    "at": "SELECT date_trunc(:unit, :at::timestamptz, :zone) AS at",
    "some": "SELECT name FROM named ORDER BY name LIMIT :most OFFSET :first",
    "quotient": "-- result: value\nSELECT :a::int / :b::int AS quotient",
    "repeated": "-- result: value\nSELECT length(repeat(:text, :times::int)) AS length",
    "moved": "-- result: value\nSELECT overlay(:text placing :by from :at) AS text",
    "cut": "-- result: value\nSELECT substring(:text from :at for :length) AS text",
    "list": "-- http: GET /items\n-- sort: [name, price, at, mood]\n"
    "-- filter: [item_id, name, price, at, tags, doc, mood, during]\n"
    "-- count: true\n-- cache: 60s\n-- page: {by: [item_id], size: 5, max: 20}\n"
    "SELECT item_id, name, price, at, tags, doc, mood, during FROM item",
    "change": "-- http: PATCH /items/{item_id}\n-- params: {name: {patch: true}, price: {patch: true, minimum: 0}, "
    "doc: {patch: true}, code: {patch: true}}\n"
    "UPDATE item SET name = :name, price = :price, doc = :doc, code = :code WHERE item_id = :item_id",
    "make": "-- http: POST /items\n-- status: 201\n-- location: /items/{item_id}\n-- result: one\n"
    "-- errors: {item_name_key: {code: NameTaken, status: 409}}\n"
    "INSERT INTO item (item_id, name, price, code) VALUES (:item_id, :name, :price, :code) RETURNING item_id",
    "rows": "-- http: POST /items/rows\n"
    "INSERT INTO item (item_id, name, price, mood, during, code)"
    " SELECT r.id, r.name, r.price, r.mood, r.during, r.code FROM jsonb_to_recordset(:rows)"
    " AS r(id integer, name text, price numeric, mood mood, during int4range, code code)",
    "reject": "SELECT reject(:words, :advice)",
    "either": "-- params: {text: {pattern: '^(a|b|[0-9]+)+$'}, mail: {format: email, optional: true}}\n"
    "SELECT :text AS text, :mail AS mail",
}


# What an author may ask of a value, each keyword that looks at all of it.
CHECKED = {
    "unique": ("jsonb", "{uniqueItems: true}"),
    "one_of": ("jsonb", "{oneOf: [{items: {type: string}}, {items: {type: boolean}}]}"),
    "any_of": ("jsonb", "{anyOf: [{items: {type: string}}, {items: {type: boolean}}]}"),
    "multiple": ("numeric[]", "{items: {multipleOf: 0.01}}"),
    "contains": ("jsonb", "{contains: {const: zz}}"),
    "named": ("jsonb", "{propertyNames: {pattern: '^[a-z]+$'}, additionalProperties: {type: integer}}"),
    "matched": ("text", "{pattern: '^(a|b|[0-9]+)+$'}"),
    "address": ("text", "{format: uri}"),
    "mail": ("text", "{format: email}"),
    "expression": ("text", "{format: regex}"),
    "few": ("int[]", "{maxItems: 100}"),
    "not": ("jsonb", "{items: {not: {type: array}}}"),
}

# Where a function of the author's own fails, whatever the caller sends.
OWN_MISTAKES = {
    "mistake.calls": "SELECT broken(:name) AS count",
    "mistake.adds": "INSERT INTO guarded VALUES (:name)",
    "mistake.cascades": "UPDATE owner SET name = :name WHERE true",
}


class EveryType(NamedTuple):
    files: dict[str, str]
    """The text of each query file by its path."""
    types: dict[str, str]
    """The SQL name of each type by its catalogue name."""


def every_type(url: str) -> EveryType:
    """Make a query file for each type of a database, and for each way in which it is used."""
    with psycopg.connect(url) as connection:
        rows = connection.execute(_TYPES.encode()).fetchall()
    files = {f"use/{name}.sql": text for name, text in STATEMENTS.items()}
    files |= {f"{name}.sql": text for name, text in OWN_MISTAKES.items()}
    files |= {
        f"checked/{name}.sql": f"-- result: value\n-- params: {{v: {keywords}}}\nSELECT :v::{sql_name} AS v"
        for name, (sql_name, keywords) in CHECKED.items()
    }
    for name, sql_name, has_array in rows:
        files[f"value/{name}.sql"] = (
            f"-- result: value\n-- http: GET /value/{name}\n-- params: {{v: {{optional: true}}}}\n"
            f"SELECT :v::{sql_name} AS v"
        )
        if has_array:
            files[f"list/{name}.sql"] = f"-- result: value\n-- http: GET /list/{name}\nSELECT :v::{sql_name}[] AS v"
        if has_array and name not in ("int2vector", "oidvector"):  # whose elements are lists already
            files[f"grid/{name}.sql"] = (
                f"-- result: value\n-- http: GET /grid/{name}\n-- params: {{v: {{type: '{sql_name}[][]'}}}}\n"
                "SELECT :v AS v"
            )
    return EveryType(files, {name: sql_name for name, sql_name, _ in rows})
