-- The shelves as they stand today, and the copies that are promised to the open orders.

WITH demand AS (
    SELECT book_id,
           sum(quantity) FILTER (
               WHERE placed_at > seed.today() - interval '90 days' AND status <> 'cancelled'
           ) AS lately,
           sum(quantity) FILTER (WHERE status IN ('reserved', 'paid')) AS promised
    FROM orders JOIN order_lines USING (order_id)
    GROUP BY book_id
)
INSERT INTO stock (book_id, on_hand, reorder_level, counted_at)
SELECT
    book_id,
    coalesce(promised, 0)
    + CASE WHEN seed.dice(book_id, 501) < 0.07 THEN 0
           ELSE floor(1 + (4 + 2 * coalesce(lately, 0)) * power(seed.dice(book_id, 502), 1.6)) END,
    2 + coalesce(lately, 0) / 4,
    CASE WHEN seed.dice(book_id, 503) < 0.8
        THEN date_trunc('minutes', seed.today() - interval '1 day' * 360 * seed.dice(book_id, 504))
    END
FROM books LEFT JOIN demand USING (book_id)
ORDER BY book_id;

-- Reservations are kept for a month after their parcel has left.
INSERT INTO reservations (order_id, book_id, quantity, state, held_until, created_at)
SELECT
    order_id, book_id, quantity,
    CASE WHEN shipped_at IS NULL THEN 'held' ELSE 'consumed' END::reservation_state,
    placed_at + interval '4 days',
    placed_at + interval '2 seconds'
FROM orders JOIN order_lines USING (order_id)
WHERE status IN ('reserved', 'paid') OR shipped_at > seed.today() - interval '30 days'
ORDER BY order_id, line_no;
