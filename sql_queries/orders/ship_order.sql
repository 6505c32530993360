-- summary: Send a paid order's parcel
-- description: Its copies leave the stock for good.
-- result: one
-- http: POST /orders/{order_id}/shipment
-- params:
--   tracking_code: {minLength: 4, maxLength: 40}

WITH shipped AS (
    UPDATE orders SET status = 'shipped', tracking_code = :tracking_code
    WHERE order_id = :order_id
    RETURNING order_id, status, tracking_code, shipped_at, ship_to
),
consumed AS (
    UPDATE reservations SET state = 'consumed'
    FROM shipped
    WHERE reservations.order_id = shipped.order_id AND state = 'held'
    RETURNING quantity
)
SELECT order_id, status, tracking_code, shipped_at, ship_to, (SELECT coalesce(sum(quantity), 0) FROM consumed) AS copies
FROM shipped
