-- summary: The caller's own orders, newest first
-- result: many
-- http: GET /orders
-- sort: [placed_at, total]
-- filter: [status, total]
-- page: {by: [placed_at desc, order_id desc], size: 20, max: 100}

SELECT order_id, status, total, placed_at, tracking_code
FROM orders
WHERE customer_id = :customer_id
