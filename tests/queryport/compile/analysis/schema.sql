-- Tables whose names, constraints and columns tempt an analysis into claims that do not hold, full of NULLs and ties.
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE DOMAIN code AS text NOT NULL;
CREATE TABLE customer (customer_id int PRIMARY KEY, name text NOT NULL, email text UNIQUE, mood mood);
CREATE TABLE orders (
  order_id int PRIMARY KEY, customer_id int NOT NULL, total numeric NOT NULL,
  region text, during int4range, doc json, flag boolean);
CREATE TABLE line (order_id int NOT NULL, line_no int, sku text NOT NULL, note text, PRIMARY KEY (order_id, line_no));
CREATE TABLE tick (a int, b int, v text, n numeric);
CREATE UNIQUE INDEX ON tick (a);
CREATE TABLE coded (id int PRIMARY KEY, code code);
CREATE TABLE parent (id int NOT NULL, own int CONSTRAINT own_only NOT NULL NO INHERIT, v text NOT NULL);
CREATE UNIQUE INDEX ON parent (id);
CREATE TABLE child () INHERITS (parent);
CREATE TABLE late (id int PRIMARY KEY, v text);
CREATE TABLE slice (k int NOT NULL, region text NOT NULL, v int, PRIMARY KEY (region, k)) PARTITION BY LIST (region);
CREATE TABLE slice_a PARTITION OF slice FOR VALUES IN ('a');
CREATE TABLE slice_b PARTITION OF slice DEFAULT;
CREATE TABLE pair (a int NOT NULL, b int NOT NULL, c int NOT NULL, d int UNIQUE NULLS NOT DISTINCT);
CREATE UNIQUE INDEX pair_ab ON pair (a) INCLUDE (b);
CREATE UNIQUE INDEX pair_partial ON pair (b) WHERE b > 2;
CREATE UNIQUE INDEX pair_expression ON pair ((a + b));
ALTER TABLE pair ADD CONSTRAINT pair_late UNIQUE (c) DEFERRABLE;

INSERT INTO customer VALUES (1, 'ann', 'a@x', 'ok'), (2, 'bob', NULL, NULL), (3, 'cid', NULL, 'sad'), (4, 'ann', 'd@x', 'ok');
INSERT INTO orders VALUES
  (1, 1, 10, 'eu', '[1,5)', '{"n": null, "m": 1}', true), (2, 1, 10.0, NULL, NULL, '{"n": 4}', NULL),
  (3, 2, 7, 'us', '(,)', NULL, false), (4, 9, 0, '', 'empty', 'null', true), (5, 2, 7, NULL, '[2,)', '[]', NULL);
INSERT INTO line VALUES
  (1, 1, 'x', NULL), (1, 2, 'y', 'n'), (2, 1, 'x', NULL), (3, 1, 'z', ''), (3, 2, 'x', 'n'), (3, 3, 'x', NULL), (7, 1, 'w', 'q');
INSERT INTO tick VALUES (1, 1, 'x', 1.5), (NULL, 1, NULL, NULL), (NULL, NULL, 'x', 0), (2, NULL, NULL, 1.50), (3, 2, 'y', NULL);
INSERT INTO coded SELECT 1, 'c';
INSERT INTO coded SELECT 2, (SELECT code FROM coded WHERE false);
INSERT INTO parent VALUES (1, 1, 'p'), (2, 2, 'q');
INSERT INTO child VALUES (1, NULL, 'c'), (3, NULL, 'd');
INSERT INTO late VALUES (1, NULL), (2, 'v');
ALTER TABLE late ADD CONSTRAINT late_v NOT NULL v NOT VALID;
INSERT INTO slice VALUES (1, 'a', NULL), (2, 'a', 5), (1, 'b', 5), (1, 'c', NULL);
INSERT INTO pair VALUES (1, 1, 1, NULL), (2, 1, 2, 1), (3, 2, 3, 2);

CREATE VIEW both_sides AS SELECT o.order_id, o.total, l.sku, l.line_no FROM orders o LEFT JOIN line l USING (order_id);
CREATE VIEW sums AS SELECT customer_id, count(*) AS orders, sum(total) AS total, max(region) AS region FROM orders GROUP BY customer_id;
CREATE MATERIALIZED VIEW kept AS SELECT order_id, total, region, coalesce(region, '-') AS place FROM orders;
CREATE UNIQUE INDEX ON kept (order_id);

-- What is written elsewhere than it says: a table with rules, a view with triggers, a view that PostgreSQL writes through.
CREATE TABLE ruled (id int NOT NULL, v text NOT NULL);
INSERT INTO ruled VALUES (1, 'x'), (2, 'y');
CREATE RULE elsewhere AS ON INSERT TO ruled DO INSTEAD INSERT INTO tick (b, v) VALUES (new.id, new.v) RETURNING a, NULL::text;
CREATE RULE otherwise AS ON UPDATE TO ruled DO INSTEAD UPDATE tick SET v = new.v WHERE a = old.id RETURNING tick.n::int, v;
CREATE RULE not_here AS ON DELETE TO ruled DO INSTEAD DELETE FROM tick WHERE b = old.id RETURNING a, v;
CREATE VIEW triggered AS SELECT id, v FROM ruled;
CREATE FUNCTION forgets() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    RETURN old;
  END IF;
  new.v := NULL;
  new.id := NULL;
  RETURN new;
END $$;
CREATE TRIGGER forgets INSTEAD OF INSERT OR UPDATE OR DELETE ON triggered FOR EACH ROW EXECUTE FUNCTION forgets();
CREATE VIEW shown AS SELECT a, v, 1 AS one FROM tick WHERE b IS NOT NULL;

-- What is written otherwise than the statement says: by triggers that fire before, and where columns are computed.
CREATE TABLE touched (id int, v text, w text);
INSERT INTO touched VALUES (1, 'x', 'y'), (2, NULL, NULL);
CREATE FUNCTION unsets() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  new.v := NULL;
  new.w := NULL;
  RETURN new;
END $$;
CREATE TRIGGER unsets BEFORE INSERT OR UPDATE ON touched FOR EACH ROW EXECUTE FUNCTION unsets();
CREATE TABLE parted (k int, v text, w text) PARTITION BY LIST (k);
CREATE TABLE parted_one PARTITION OF parted FOR VALUES IN (1);
CREATE TABLE parted_other PARTITION OF parted DEFAULT;
CREATE TRIGGER unsets BEFORE INSERT OR UPDATE ON parted_other FOR EACH ROW EXECUTE FUNCTION unsets();
INSERT INTO parted VALUES (1, 'a', 'b'), (2, 'c', 'd'), (NULL, 'e', NULL);
CREATE TABLE stored (
  id int, v text, odd int GENERATED ALWAYS AS (nullif(id % 2, 0)) STORED, n text GENERATED ALWAYS AS (nullif(v, 'x')) VIRTUAL);
INSERT INTO stored VALUES (1, 'x'), (2, 'y'), (3, NULL);

CREATE TABLE grown (id int PRIMARY KEY, v text);
INSERT INTO grown VALUES (1, NULL), (2, 'x');
CREATE MATERIALIZED VIEW grown_before AS SELECT id, v FROM grown;
UPDATE grown SET v = '' WHERE v IS NULL;
ALTER TABLE grown ALTER v SET NOT NULL;
CREATE MATERIALIZED VIEW grown_after AS SELECT id, v FROM grown;
CREATE VIEW shown_touched AS SELECT id, v, w FROM touched;

CREATE SCHEMA app;
CREATE FUNCTION app.rank() RETURNS int LANGUAGE sql STABLE AS 'SELECT NULL::int';
CREATE FUNCTION app.count(int) RETURNS int LANGUAGE sql STABLE AS 'SELECT NULL::int';
CREATE FUNCTION app.lower(text) RETURNS text LANGUAGE sql STABLE AS 'SELECT NULL::text';
CREATE FUNCTION app.minus(int, int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT NULL::int';
CREATE FUNCTION app.maybe() RETURNS int LANGUAGE plpgsql VOLATILE AS 'BEGIN RETURN nullif(random() < 0.5, false)::int; END';
CREATE FUNCTION app.holds(text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN true; END';
CREATE FUNCTION app.alike(text, text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN true; END';
CREATE OPERATOR app.=== (LEFTARG = text, RIGHTARG = text, FUNCTION = app.alike);
CREATE OPERATOR app.- (LEFTARG = int, RIGHTARG = int, FUNCTION = app.minus);
