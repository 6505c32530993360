-- Orders and the states they go through.

CREATE TYPE order_status AS ENUM (
    'placed', 'reserved', 'paid', 'shipped', 'delivered', 'cancelled', 'returned'
);

CREATE TABLE orders (
    order_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer_id uuid NOT NULL REFERENCES customers,
    status order_status NOT NULL DEFAULT 'placed',
    -- A copy, not a reference: a customer who moves does not change where last year's parcel went.
    ship_to postal_address NOT NULL,
    subtotal amount NOT NULL,
    shipping amount NOT NULL,
    total amount NOT NULL GENERATED ALWAYS AS (subtotal + shipping) STORED,
    note text,
    tracking_code text,
    placed_at timestamptz NOT NULL DEFAULT now(),
    paid_at timestamptz,
    shipped_at timestamptz,
    delivered_at timestamptz,
    cancelled_at timestamptz
);

CREATE INDEX orders_of_customer ON orders (customer_id, placed_at DESC, order_id DESC);
CREATE INDEX orders_placed_at ON orders (placed_at);
-- Open orders are a small, busy part of a table that only grows.
CREATE INDEX orders_open ON orders (status, placed_at) WHERE status IN ('placed', 'reserved', 'paid', 'shipped');

-- The whole state machine, to be read in one place.
CREATE FUNCTION order_may_become(was order_status, becomes order_status) RETURNS boolean
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN CASE was
    WHEN 'placed' THEN becomes IN ('reserved', 'cancelled')
    WHEN 'reserved' THEN becomes IN ('placed', 'paid', 'cancelled')  -- back to placed when the reservation lapses
    WHEN 'paid' THEN becomes IN ('shipped', 'cancelled')
    WHEN 'shipped' THEN becomes IN ('delivered', 'returned')
    WHEN 'delivered' THEN becomes = 'returned'
    ELSE false
END;

-- Refuses a step that the state machine lacks, and notes when each step was taken, whoever takes it.
CREATE FUNCTION order_takes_a_step() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    IF NOT order_may_become(OLD.status, NEW.status) THEN
        RAISE EXCEPTION 'an order that is % cannot become %', OLD.status, NEW.status;
    END IF;
    CASE NEW.status
        WHEN 'paid' THEN NEW.paid_at = now();
        WHEN 'shipped' THEN NEW.shipped_at = now();
        WHEN 'delivered' THEN NEW.delivered_at = now();
        WHEN 'cancelled' THEN NEW.cancelled_at = now();
        ELSE NULL;
    END CASE;
    RETURN NEW;
END
$$;

CREATE TRIGGER orders_step BEFORE UPDATE OF status ON orders
FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status) EXECUTE FUNCTION order_takes_a_step();

CREATE TABLE order_lines (
    order_id bigint REFERENCES orders ON DELETE CASCADE,
    line_no smallint CHECK (line_no > 0),
    book_id integer NOT NULL REFERENCES books,
    quantity integer NOT NULL CHECK (quantity > 0),
    -- The price of the day the order was placed; the catalogue's may change afterwards.
    unit_price amount NOT NULL,
    line_total numeric(12, 2) NOT NULL GENERATED ALWAYS AS (quantity * unit_price) STORED,
    PRIMARY KEY (order_id, line_no),
    UNIQUE (order_id, book_id)
);

CREATE INDEX order_lines_book ON order_lines (book_id);
