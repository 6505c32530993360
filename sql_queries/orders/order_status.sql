-- summary: How far an order has come
-- result: value
-- http: GET /orders/{order_id}/status
-- allow: [iam, direct, jwt]

SELECT status FROM orders WHERE order_id = :order_id
