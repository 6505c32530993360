-- summary: A customer's orders, newest first
-- result: many
-- http: GET /customers/{customer_id}/orders
-- allow: [iam, direct, jwt]
-- params:
--   status: {optional: true, description: Only orders in this state}
--   placed_after: {default: "2020-01-01T00:00:00Z"}
-- sort: [placed_at, total]
-- filter: [status, total, placed_at]
-- count: true
-- page: {by: [placed_at desc, order_id desc], size: 50, max: 500}

SELECT
    order_id, status, total, placed_at, tracking_code,
    (SELECT count(*) FROM order_lines WHERE order_lines.order_id = orders.order_id) AS lines
FROM orders
WHERE customer_id = :customer_id
  AND (:status IS NULL OR status = :status)
  AND placed_at > :placed_after
