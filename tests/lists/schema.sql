CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE TYPE address AS (street text, zip varchar(5));
CREATE DOMAIN positive AS integer CHECK (value > 0);
CREATE DOMAIN lasting_mood AS mood CHECK (value <> 'ok');
CREATE EXTENSION hstore;
CREATE TABLE item (
  item_id integer PRIMARY KEY,
  status text,
  total numeric(10, 2),
  placed_at timestamptz NOT NULL,
  day date,
  grade smallint NOT NULL,
  score double precision,
  mood mood,
  name varchar(20) NOT NULL,
  code positive,
  uid uuid,
  flag boolean,
  tags text[],
  details jsonb,
  during int4range,
  raw json,
  home address,
  spot point,
  area box,
  labels hstore,
  lasting lasting_mood
);
-- Few values of each, so that rows tie; every fifth is NULL where it may be.
INSERT INTO item
SELECT n,
  (ARRAY['new', 'paid', 'sent', '100%', NULL])[1 + n * 7 % 5],
  CASE WHEN n % 5 > 0 THEN (n * 13 % 6) * 2.5 END,
  '2026-01-01 00:00+00'::timestamptz + (n * 11 % 4) * interval '1.000001 hours',
  (ARRAY['2026-01-31', '2026-02-28', 'infinity', NULL, '0044-03-15 BC']::date[])[1 + n * 3 % 5],
  n * 5 % 3,
  (ARRAY[0.1, 'NaN', '-Infinity', NULL, 1e300]::float8[])[1 + n * 17 % 5],
  (ARRAY['sad', 'happy', NULL, 'ok']::mood[])[1 + n % 4],
  (ARRAY['a', 'B', 'ä', '', 'a_b', 'a\b'])[1 + n * 7 % 6],
  nullif(n % 4, 0),
  CASE WHEN n % 3 > 0 THEN ('00000000-0000-4000-8000-00000000000' || n % 6)::uuid END,
  (ARRAY[true, false, NULL])[1 + n % 3],
  (ARRAY['{}', '{x}', '{x,y}', '{"y z",NULL}', NULL])[1 + n % 5]::text[],
  (ARRAY['{"a": 1}', '{"a": 1, "b": [1, 2]}', '[]', 'null', NULL]::jsonb[])[1 + n % 5],
  (ARRAY['[1,5)', 'empty', '(,3]', NULL]::int4range[])[1 + n % 4],
  '{"z": 1}',
  (ARRAY[row('Main', '1'), row(NULL, NULL), NULL]::address[])[1 + n % 3],
  point(n, n),
  box(point(0, 0), point(1, n % 3)),
  (ARRAY['a=>1', 'a=>1, b=>NULL', NULL]::hstore[])[1 + n % 3],
  (ARRAY['happy', NULL, 'sad']::mood[])[1 + n % 3]
FROM generate_series(1, 41) n;
CREATE TABLE kind (kind_id integer PRIMARY KEY, title text NOT NULL UNIQUE);
INSERT INTO kind VALUES (1, 'one'), (2, 'two');
CREATE TABLE line (line_id integer PRIMARY KEY, item_id integer NOT NULL REFERENCES item, note text);
INSERT INTO line SELECT n, 1 + n % 20, nullif((ARRAY['x', 'y', ''])[1 + n % 3], '') FROM generate_series(1, 50) n;
CREATE TABLE guarded AS SELECT item_id, status, total, placed_at, name, item_id % 3 AS tenant FROM item;
ALTER TABLE guarded ADD PRIMARY KEY (item_id);
ALTER TABLE guarded ALTER placed_at SET NOT NULL;
ALTER TABLE guarded ENABLE ROW LEVEL SECURITY;
ALTER TABLE guarded FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON guarded USING (
  tenant = (nullif(current_setting('request.jwt.claims', true), '')::json ->> 'tenant')::integer
);
DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'tenant') THEN CREATE ROLE tenant; END IF;
END $$;
GRANT SELECT ON guarded TO tenant;
