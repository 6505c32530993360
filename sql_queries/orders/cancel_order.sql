-- summary: Cancel an order that has not left the house
-- description: >
--   Its copies go back to the shelves and its payment is refunded. Store credit comes back at once; of another payment
--   the provider must still be told, and `refund` in the answer is the sum. A shipped order is a BusinessRule.
-- result: one
-- http: POST /orders/{order_id}/cancellation

WITH cancelled AS (
    UPDATE orders SET status = 'cancelled'
    WHERE order_id = :order_id
    RETURNING order_id, customer_id, status, cancelled_at
),
released AS (
    UPDATE reservations SET state = 'released'
    FROM cancelled
    WHERE reservations.order_id = cancelled.order_id AND state = 'held'
    RETURNING quantity
),
refunded AS (
    UPDATE payments
    SET status = CASE payments.status WHEN 'authorised' THEN 'voided' ELSE 'refunded' END::payment_status
    FROM cancelled
    WHERE payments.order_id = cancelled.order_id AND payments.status IN ('authorised', 'captured')
    RETURNING method, payments.status, amount
),
returned AS (
    INSERT INTO transfers (from_account, to_account, amount, order_id, reason)
    SELECT sales.account_id, customer.account_id, refunded.amount, cancelled.order_id, 'refund'
    FROM refunded
    CROSS JOIN cancelled
    JOIN accounts AS customer ON customer.customer_id = cancelled.customer_id
    JOIN accounts AS sales ON sales.kind = 'sales'
    WHERE refunded.method = 'store_credit' AND refunded.status = 'refunded'
)
SELECT
    order_id, status, cancelled_at,
    (SELECT coalesce(sum(quantity), 0) FROM released) AS copies_released,
    (
        SELECT coalesce(sum(amount), 0) FROM refunded WHERE method <> 'store_credit' AND refunded.status = 'refunded'
    ) AS refund
FROM cancelled
