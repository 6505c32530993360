-- summary: Give an unpaid order's copies back to the shelves
-- description: Undoes orders.reserve_stock; does nothing where there is nothing to undo.
-- result: affected
-- http: DELETE /orders/{order_id}/reservation

WITH reopened AS (
    UPDATE orders SET status = 'placed'
    WHERE order_id = :order_id AND status = 'reserved'
    RETURNING order_id
)
UPDATE reservations SET state = 'released'
FROM reopened
WHERE reservations.order_id = reopened.order_id AND state = 'held'
