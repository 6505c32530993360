-- summary: Promise an order the copies it needs
-- description: >
--   All of its books or none: too few copies of one is a CheckViolation. Done twice it is a UniqueViolation, and an
--   order that is further on is a BusinessRule.
-- result: many
-- http: POST /orders/{order_id}/reservation
-- params:
--   hold_for: {default: 15 minutes, description: How long the copies wait for the payment}

WITH reserved AS (
    UPDATE orders SET status = 'reserved'
    WHERE order_id = :order_id
    RETURNING order_id
)
INSERT INTO reservations (order_id, book_id, quantity, held_until)
SELECT order_id, book_id, quantity, now() + :hold_for
FROM reserved JOIN order_lines USING (order_id)
RETURNING reservation_id, book_id, quantity, held_until
