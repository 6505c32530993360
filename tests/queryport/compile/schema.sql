CREATE DOMAIN email AS text CHECK (value LIKE '%@%');
CREATE DOMAIN positive AS integer CHECK (value > 0);
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE TYPE priced AS (price numeric);
CREATE TYPE address AS (street text, zip varchar(5));
CREATE TABLE person (
  person_id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
  email email NOT NULL UNIQUE,
  name varchar(40) NOT NULL,
  mood mood,
  home address,
  score numeric(8, 2),
  born date,
  joined_at timestamptz NOT NULL DEFAULT now(),
  code char(3),
  tags text[] NOT NULL DEFAULT '{}',
  grid integer[][],
  profile jsonb
);
CREATE TABLE visit (
  visit_id bigint PRIMARY KEY,
  person_id bigint NOT NULL REFERENCES person,
  small smallint NOT NULL,
  at timestamptz NOT NULL
);
CREATE VIEW visitor AS SELECT p.person_id, p.name FROM person p JOIN visit v USING (person_id);
CREATE FUNCTION touch(person bigint) RETURNS void LANGUAGE sql AS 'UPDATE person SET joined_at = now() WHERE person_id = $1';
CREATE PROCEDURE forget(IN person bigint) LANGUAGE sql AS 'DELETE FROM visit WHERE person_id = $1';
CREATE PROCEDURE twice(n integer, INOUT doubled integer) LANGUAGE plpgsql AS 'BEGIN doubled := 2 * n; END';
CREATE TABLE ruled (id integer PRIMARY KEY, n integer);
CREATE TABLE written (id integer);
CREATE RULE also AS ON INSERT TO ruled DO ALSO INSERT INTO written VALUES (new.id);
CREATE VIEW ruled_view AS SELECT id, n FROM ruled;
CREATE RULE instead AS ON INSERT TO ruled_view DO INSTEAD INSERT INTO written VALUES (new.id);
CREATE RULE nothing AS ON DELETE TO ruled DO INSTEAD NOTHING;
CREATE FUNCTION jsonb_to_record(document jsonb, n integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT 1';
