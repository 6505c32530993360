-- What is on the shelves, and what of it is promised to an order.

CREATE TABLE stock (
    book_id integer PRIMARY KEY REFERENCES books ON DELETE CASCADE,
    on_hand integer NOT NULL DEFAULT 0 CHECK (on_hand >= 0),
    reserved integer NOT NULL DEFAULT 0 CHECK (reserved >= 0),
    available integer NOT NULL GENERATED ALWAYS AS (on_hand - reserved) STORED,
    reorder_level integer NOT NULL DEFAULT 2 CHECK (reorder_level >= 0),
    counted_at timestamptz,
    -- No copy is promised twice. Two orders for the last copy: the second one fails here.
    CONSTRAINT stock_is_not_oversold CHECK (reserved <= on_hand)
);

CREATE INDEX stock_to_reorder ON stock (book_id) WHERE available < reorder_level;

-- held: promised to an order. consumed: left the house with it. released: back on the shelf.
CREATE TYPE reservation_state AS ENUM ('held', 'consumed', 'released');

CREATE TABLE reservations (
    reservation_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    order_id bigint NOT NULL REFERENCES orders,
    book_id integer NOT NULL REFERENCES stock,
    quantity integer NOT NULL CHECK (quantity > 0),
    state reservation_state NOT NULL DEFAULT 'held',
    held_until timestamptz NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

-- Reserving an order's stock again finds its reservations in the way; only released ones may be made anew.
CREATE UNIQUE INDEX reservations_once ON reservations (order_id, book_id) WHERE state <> 'released';
CREATE INDEX reservations_lapsing ON reservations (held_until) WHERE state = 'held';
CREATE INDEX reservations_book ON reservations (book_id);

-- stock.reserved follows the reservations, so that no statement can forget it. Once per statement and not per row:
-- the rows of stock are locked in the order of their keys, which is why two orders for the same books never deadlock.
-- FOR NO KEY UPDATE and not FOR UPDATE, which would wait for the other order's foreign key check, and that one for ours.
CREATE FUNCTION stock_follows_reservations() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        PERFORM FROM stock WHERE book_id IN (SELECT book_id FROM after_rows) ORDER BY book_id FOR NO KEY UPDATE;
        UPDATE stock
        SET reserved = stock.reserved + change.reserved
        FROM (
            SELECT book_id, sum(quantity) AS reserved FROM after_rows WHERE state = 'held' GROUP BY book_id
        ) AS change
        WHERE stock.book_id = change.book_id;
    ELSE
        PERFORM FROM stock WHERE book_id IN (SELECT book_id FROM before_rows) ORDER BY book_id FOR NO KEY UPDATE;
        UPDATE stock
        SET reserved = stock.reserved + change.reserved,
            on_hand = stock.on_hand - change.consumed
        FROM (
            SELECT book_id,
                   coalesce(sum(after_rows.quantity) FILTER (WHERE after_rows.state = 'held'), 0)
                   - coalesce(sum(before_rows.quantity) FILTER (WHERE before_rows.state = 'held'), 0) AS reserved,
                   coalesce(sum(after_rows.quantity) FILTER (WHERE after_rows.state = 'consumed'), 0)
                   - coalesce(sum(before_rows.quantity) FILTER (WHERE before_rows.state = 'consumed'), 0) AS consumed
            FROM before_rows JOIN after_rows USING (reservation_id, book_id)
            GROUP BY book_id
        ) AS change
        WHERE stock.book_id = change.book_id;
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER reservations_made AFTER INSERT ON reservations
REFERENCING NEW TABLE AS after_rows
FOR EACH STATEMENT EXECUTE FUNCTION stock_follows_reservations();

CREATE TRIGGER reservations_changed AFTER UPDATE ON reservations
REFERENCING OLD TABLE AS before_rows NEW TABLE AS after_rows
FOR EACH STATEMENT EXECUTE FUNCTION stock_follows_reservations();
