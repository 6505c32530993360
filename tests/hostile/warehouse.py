"""A catalogue with what PostgreSQL has to refuse by: constraints of each kind, triggers, partitions, policies, batches.

All operations are well made, so that whatever is refused is the caller's fault.
"""

SCHEMA = """
CREATE EXTENSION btree_gist;
CREATE EXTENSION ltree;
CREATE EXTENSION hstore;
CREATE EXTENSION citext;
CREATE DOMAIN percent AS numeric(5, 2) CHECK (value BETWEEN 0 AND 100);
CREATE DOMAIN short_code AS citext CHECK (length(value) < 9) CHECK (value ~ '^[a-z]+$');
CREATE DOMAIN codes AS short_code[] CHECK (cardinality(value) < 4);
CREATE TYPE size AS ENUM ('s', 'm', 'l');
CREATE TYPE part AS (code short_code, share percent, sizes size[]);
CREATE TABLE shelf (
  shelf_id integer PRIMARY KEY, path ltree NOT NULL UNIQUE, marks hstore NOT NULL DEFAULT '', size size NOT NULL,
  fill percent NOT NULL DEFAULT 0, version integer NOT NULL DEFAULT 1, picture bytea,
  note citext UNIQUE, doc jsonb CHECK (doc IS NULL OR jsonb_typeof(doc) = 'object'));
CREATE TABLE booking (
  shelf_id integer NOT NULL REFERENCES shelf ON DELETE RESTRICT, during tstzrange NOT NULL CHECK (NOT isempty(during)),
  share percent NOT NULL, EXCLUDE USING gist (shelf_id WITH =, during WITH &&));
CREATE TABLE movement (at date NOT NULL, shelf_id integer NOT NULL, quantity smallint NOT NULL CHECK (quantity <> 0),
  PRIMARY KEY (at, shelf_id)) PARTITION BY RANGE (at);
CREATE TABLE movement_2026 PARTITION OF movement FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
CREATE TABLE pair (a integer PRIMARY KEY, b integer UNIQUE REFERENCES pair DEFERRABLE INITIALLY DEFERRED,
  total integer GENERATED ALWAYS AS (a + b) STORED);
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.fill > 90 THEN RAISE EXCEPTION USING ERRCODE = 'SH001', MESSAGE = 'full', DETAIL = NEW.path::text; END IF;
  IF NEW.fill = 13 THEN RAISE check_violation USING CONSTRAINT = 'no_thirteen', TABLE = 'shelf'; END IF;
  IF NEW.fill = 14 THEN RAISE EXCEPTION 'a row may not be 14'; END IF;
  NEW.version := OLD.version + 1;
  RETURN NEW;
END $$;
CREATE TRIGGER refuse BEFORE UPDATE ON shelf FOR EACH ROW EXECUTE FUNCTION refuse();
CREATE TABLE tenant_note (tenant integer NOT NULL, note_id integer PRIMARY KEY, words text NOT NULL, found tsvector
  GENERATED ALWAYS AS (to_tsvector('simple', words)) STORED);
ALTER TABLE tenant_note ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON tenant_note
  USING (tenant = (nullif(current_setting('request.jwt.claims', true), '')::json ->> 'tenant')::numeric);
INSERT INTO shelf (shelf_id, path, size, fill, note) SELECT n, ('top.n' || n)::ltree, 'm', n, 'note ' || n
FROM generate_series(1, 20) n;
INSERT INTO pair VALUES (1, 1);
"""

_LIST = """\
-- http: GET /shelves
-- params: {under: {optional: true}, matching: {optional: true}}
-- sort: [path, fill, size, note]
-- filter: [shelf_id, path, fill, size, note, marks, doc, parts]
-- count: true
-- page: {by: [fill desc, shelf_id], size: 5, max: 50}
SELECT shelf_id, path, fill, size, note, marks, doc, ARRAY[shelf_id, version] AS parts FROM shelf
WHERE (:under::ltree IS NULL OR path <@ :under) AND (:matching::lquery IS NULL OR path ~ :matching)"""

STATEMENTS = {
    "list": _LIST,
    "get": "-- http: GET /shelves/{shelf_id}\n-- result: one\n-- etag: version\n"
    "SELECT shelf_id, path, version FROM shelf WHERE shelf_id = :shelf_id",
    "change": "-- http: PATCH /shelves/{shelf_id}\n-- result: one\n-- etag: version\n"
    "-- params: {fill: {patch: true}, path: {patch: true}, marks: {patch: true}, note: {patch: true}, "
    "size: {patch: true}, doc: {patch: true}}\n"
    "UPDATE shelf SET fill = :fill, path = :path, marks = :marks, note = :note, size = :size, doc = :doc "
    "WHERE shelf_id = :shelf_id RETURNING shelf_id, version",
    "picture": "-- http: PUT /shelves/{shelf_id}/picture\n-- body: picture\n-- result: affected\n"
    "UPDATE shelf SET picture = :picture WHERE shelf_id = :shelf_id",
    "show": "-- http: GET /shelves/{shelf_id}/picture\n-- format: bytes\n-- type: image/png\n-- result: value\n"
    "SELECT picture FROM shelf WHERE shelf_id = :shelf_id",
    "book": "-- http: POST /shelves/{shelf_id}/bookings\n-- status: 201\n-- result: one\n-- answer: none\n"
    "-- errors: {booking_shelf_id_during_excl: {code: Taken, status: 409, detail: It is taken.}}\n"
    "INSERT INTO booking (shelf_id, during, share) VALUES (:shelf_id, :during, :share) RETURNING shelf_id, during",
    "book_many": "-- batch: true\nINSERT INTO booking (shelf_id, during, share) VALUES (:shelf_id, :during, :share)",
    "move": "INSERT INTO movement (at, shelf_id, quantity) VALUES (:at, :shelf_id, :quantity)",
    "move_twice": "-- isolation: serializable\n"
    "INSERT INTO movement (at, shelf_id, quantity) VALUES (:at, :source, -:quantity::smallint);\n"
    "INSERT INTO movement (at, shelf_id, quantity) VALUES (:at, :target, :quantity::smallint);\n"
    "UPDATE shelf SET fill = fill + :share WHERE shelf_id = :target",
    "pair": "INSERT INTO pair (a, b) VALUES (:a, :b) ON CONFLICT (a) DO UPDATE SET b = excluded.b",
    "parts": "-- result: value\nSELECT :parts::part[] AS parts",
    "codes": "-- result: value\nSELECT :codes::codes AS codes",
    "merge": "MERGE INTO shelf s USING (SELECT :shelf_id::int AS id, :path::ltree AS path) n ON s.shelf_id = n.id "
    "WHEN MATCHED THEN UPDATE SET path = n.path WHEN NOT MATCHED THEN INSERT (shelf_id, path, size) "
    "VALUES (n.id, n.path, 's')",
    "rows": "-- params: {rows: {maxItems: 100}}\nINSERT INTO shelf (shelf_id, path, size, marks) "
    "SELECT r.id, r.path, r.size, coalesce(r.marks, '') FROM jsonb_to_recordset(:rows) "
    "AS r(id integer, path ltree, size size, marks hstore) ON CONFLICT (shelf_id) DO NOTHING",
    "drop": "-- http: DELETE /shelves/{shelf_id}\n-- etag: version\nDELETE FROM shelf WHERE shelf_id = :shelf_id",
    "note": "-- rls: true\n-- allow: [iam, direct]\nINSERT INTO tenant_note (tenant, note_id, words) "
    "VALUES (:tenant, :note_id, :words) ON CONFLICT (note_id) DO UPDATE SET words = excluded.words",
    "notes": "-- rls: true\n-- allow: [iam, direct]\n-- http: GET /notes\n"
    "SELECT note_id, words FROM tenant_note WHERE found @@ to_tsquery('simple', :query) ORDER BY note_id LIMIT 50",
    "spread": "-- result: value\nSELECT count(*) FROM generate_series(:first::date, :last::date, '1 month') AS day",
    "look": "-- result: value\nSELECT jsonb_path_query_first(:doc::jsonb, :path::jsonpath, :names::jsonb, true) AS it",
    "related": "UPDATE shelf SET fill = fill WHERE shelf_id = 1 AND :name::regclass IS NOT NULL",
    "operator": "UPDATE shelf SET fill = fill WHERE shelf_id = 1 AND :name::regoper IS NOT NULL",
    "relation": "-- result: value\nSELECT :name::regclass::text AS name",
    "sliced": "-- result: value\nSELECT (:numbers::int[])[:low::int : :high::int] AS numbers",
    "formatted": "-- result: value\nSELECT format(:form, :first::text, :second::text) AS text",
    "split": "SELECT part FROM regexp_split_to_table(:text, :by) AS part LIMIT 100",
    "clock": "-- result: value\nSELECT make_timestamptz(:year, :month, :day, :hour, 0, 0, :zone) AS at",
    "root": "-- result: value\nSELECT power(:base::numeric, :exponent::numeric) + sqrt(:base::float8) AS root",
    "decoded": "-- result: value\nSELECT convert_from(decode(:text, :form), :encoding) AS text",
    "slotted": "-- result: value\nSELECT width_bucket(:value::numeric, :low::numeric, :high::numeric, :slots) AS slot",
    "casted": "-- result: value\nSELECT (:doc::jsonb -> :member::text)::numeric AS number",
    "document": "-- result: value\nSELECT jsonb_set(:doc::jsonb, :way::text[], :value::jsonb) AS doc",
    "timed": "-- result: value\nSELECT :at::timestamptz + :more::interval AS at",
    "shared": "-- result: value\nSELECT (:share::percent + :more::percent)::percent AS share",
}

FILES = {f"warehouse/{name}.sql": text for name, text in STATEMENTS.items()}
