-- summary: One order with its lines and payments
-- result: one
-- http: GET /orders/{order_id}
-- allow: [iam, direct, jwt]

SELECT
    orders.order_id, orders.customer_id, customers.name AS customer, orders.status, orders.ship_to,
    orders.subtotal, orders.shipping, orders.total, orders.note, orders.tracking_code,
    orders.placed_at, orders.paid_at, orders.shipped_at, orders.delivered_at, orders.cancelled_at,
    lines.lines, payments.payments
FROM orders
JOIN customers ON customers.customer_id = orders.customer_id
CROSS JOIN LATERAL (
    SELECT coalesce(
        json_agg(
            json_build_object(
                'line_no', line_no, 'book_id', book_id, 'title', title,
                'quantity', quantity, 'unit_price', unit_price, 'line_total', line_total
            )
            ORDER BY line_no
        ),
        '[]'
    ) AS lines
    FROM order_lines JOIN books USING (book_id)
    WHERE order_lines.order_id = orders.order_id
) AS lines
CROSS JOIN LATERAL (
    SELECT coalesce(
        json_agg(
            json_build_object(
                'payment_id', payment_id, 'method', method, 'status', status, 'amount', amount, 'at', created_at
            )
            ORDER BY created_at, payment_id
        ),
        '[]'
    ) AS payments
    FROM payments
    WHERE payments.order_id = orders.order_id
) AS payments
WHERE orders.order_id = :order_id
