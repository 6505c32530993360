-- summary: Pay an order from the customer's store credit
-- description: >
--   Moves the money to the shop's sales account, records the payment and marks the order as paid, all in one. Too
--   little credit is a CheckViolation, and nothing has happened then.
-- result: one
-- http: POST /orders/{order_id}/credit-payment

WITH paid AS (
    UPDATE orders SET status = 'paid'
    WHERE order_id = :order_id
    RETURNING order_id, customer_id, total
),
moved AS (
    INSERT INTO transfers (from_account, to_account, amount, order_id, reason)
    SELECT customer.account_id, sales.account_id, paid.total, paid.order_id, 'order'
    FROM paid
    JOIN accounts AS customer ON customer.customer_id = paid.customer_id
    JOIN accounts AS sales ON sales.kind = 'sales'
    RETURNING transfer_id, order_id, amount
)
INSERT INTO payments (order_id, method, status, amount)
SELECT order_id, 'store_credit', 'captured', amount
FROM moved
RETURNING payment_id, order_id, amount, (SELECT transfer_id FROM moved) AS transfer_id, created_at
