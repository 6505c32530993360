-- summary: Give back the copies of orders that were not paid in time
-- description: >
--   For a job that runs every minute. Several may run at once: each takes orders that no other one has in hand.
-- result: many
-- params:
--   at_most: {default: 100, minimum: 1, maximum: 1000}

WITH lapsed AS (
    SELECT order_id
    FROM orders
    WHERE status = 'reserved'
      AND EXISTS (
          SELECT FROM reservations
          WHERE reservations.order_id = orders.order_id AND state = 'held' AND held_until < now()
      )
    ORDER BY placed_at
    LIMIT :at_most
    FOR UPDATE SKIP LOCKED
),
reopened AS (
    UPDATE orders SET status = 'placed'
    FROM lapsed
    WHERE orders.order_id = lapsed.order_id
    RETURNING orders.order_id
),
released AS (
    UPDATE reservations SET state = 'released'
    FROM reopened
    WHERE reservations.order_id = reopened.order_id AND state = 'held'
    RETURNING reservations.order_id, quantity
)
SELECT order_id, sum(quantity) AS copies
FROM released
GROUP BY order_id
ORDER BY order_id
