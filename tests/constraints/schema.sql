CREATE EXTENSION btree_gist;
CREATE DOMAIN email AS text CONSTRAINT email_has_at CHECK (VALUE LIKE '%@%');
COMMENT ON CONSTRAINT email_has_at ON DOMAIN email IS 'An address has an @';
CREATE DOMAIN quantity AS integer CHECK (VALUE > 0);
CREATE DOMAIN present AS text NOT NULL;

CREATE TABLE customer (
    customer_id integer PRIMARY KEY,
    email email NOT NULL CONSTRAINT customer_email_key UNIQUE,
    name text NOT NULL,
    nick text CONSTRAINT customer_nick_length CHECK (length(nick) < 10),
    tenant text NOT NULL DEFAULT 'one',
    code text,
    valid_from date,
    valid_to date,
    CONSTRAINT valid_in_order CHECK (valid_from < valid_to),
    CONSTRAINT customer_code_key UNIQUE (tenant, code)
);
COMMENT ON CONSTRAINT customer_email_key ON customer IS 'This e-mail address is taken';
CREATE UNIQUE INDEX customer_name ON customer (lower(name));
COMMENT ON INDEX customer_name IS 'Somebody has this name already';

CREATE TABLE orders (
    order_id integer PRIMARY KEY,
    customer_id integer NOT NULL CONSTRAINT orders_customer_fkey REFERENCES customer,
    amount numeric NOT NULL CONSTRAINT amount_is_positive CHECK (amount > 0),
    lines quantity
);
COMMENT ON CONSTRAINT orders_customer_fkey ON orders IS 'An order is that of a customer';
COMMENT ON CONSTRAINT orders_amount_not_null ON orders IS 'An order has an amount';

CREATE TABLE note (note_id integer PRIMARY KEY, order_id integer REFERENCES orders ON DELETE CASCADE);
CREATE TABLE remark (remark_id integer PRIMARY KEY, note_id integer REFERENCES note);

CREATE TABLE booking (room integer, during int4range, CONSTRAINT no_overlap EXCLUDE USING gist (room WITH =, during WITH &&));
COMMENT ON CONSTRAINT no_overlap ON booking IS 'The room is booked then';

CREATE TABLE event (
    event_id integer, kind text NOT NULL, customer_id integer,
    CONSTRAINT event_key UNIQUE (event_id, kind),
    CONSTRAINT event_id_is_positive CHECK (event_id > 0),
    CONSTRAINT event_customer FOREIGN KEY (customer_id) REFERENCES customer
) PARTITION BY LIST (kind);
CREATE TABLE event_a PARTITION OF event FOR VALUES IN ('a');
CREATE TABLE event_b (kind text NOT NULL, event_id integer, customer_id integer, CONSTRAINT event_id_is_positive CHECK (event_id > 0));
ALTER TABLE event ATTACH PARTITION event_b FOR VALUES IN ('b');
COMMENT ON CONSTRAINT event_key ON event IS 'Such an event is known';
COMMENT ON CONSTRAINT event_id_is_positive ON event IS 'Events are counted from 1';
COMMENT ON CONSTRAINT event_customer ON event IS 'An event happens to a customer';
COMMENT ON CONSTRAINT event_kind_not_null ON event IS 'An event is of a kind';

CREATE TABLE audit (audit_id integer GENERATED ALWAYS AS IDENTITY, what text CONSTRAINT audit_is_short CHECK (length(what) < 20));
COMMENT ON CONSTRAINT audit_is_short ON audit IS 'That is too long for the books';
CREATE TABLE watched (what text);
CREATE FUNCTION watch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO audit (what) VALUES (NEW.what);
    RETURN NEW;
END $$;
CREATE TRIGGER watched_audit AFTER INSERT ON watched FOR EACH ROW EXECUTE FUNCTION watch();

CREATE SCHEMA other;
CREATE TABLE other.twin (twin_id integer CONSTRAINT twin_key UNIQUE);
CREATE TABLE twin (twin_id integer CONSTRAINT twin_key UNIQUE);
COMMENT ON CONSTRAINT twin_key ON twin IS 'Only of this one';

CREATE VIEW shown_customer AS SELECT customer_id AS id, email AS address, name FROM customer WHERE customer_id > 0
WITH CHECK OPTION;

CREATE FUNCTION refuse(state text, words text, advice text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF advice IS NULL THEN
        RAISE EXCEPTION '%', words USING ERRCODE = state;
    END IF;
    RAISE EXCEPTION '%', words USING ERRCODE = state, HINT = advice;
END $$;

CREATE FUNCTION only_one(wanted text) RETURNS integer LANGUAGE plpgsql STABLE AS $$
DECLARE
    found_id integer;
BEGIN
    SELECT customer_id INTO STRICT found_id FROM customer WHERE name = wanted;
    RETURN found_id;
END $$;

CREATE FUNCTION close() RETURNS integer LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the shop is closed' USING ERRCODE = 'SH002';
END $$;
