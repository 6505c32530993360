-- summary: Place an order
-- description: >
--   The prices are today's. An order of fifty euros or more is sent free. A book that is not for sale is a
--   NotNullViolation, as it has no price. Nothing is reserved or charged yet.
-- result: one
-- http: POST /orders
-- status: 201
-- location: /orders/{order_id}
-- allow: [iam, direct, jwt]
-- params:
--   ship_to: {optional: true, description: Where the customer lives unless given}
--   note: {optional: true, maxLength: 500}
--   lines:
--     description: A book that is listed twice is ordered in both quantities
--     minItems: 1
--     maxItems: 100
--     items:
--       type: object
--       required: [book_id, quantity]
--       additionalProperties: false
--       properties:
--         book_id: {type: integer}
--         quantity: {type: integer, minimum: 1, maximum: 999}

WITH wanted AS (
    SELECT book_id, sum(quantity) AS quantity, min(place) AS place
    FROM ROWS FROM (jsonb_to_recordset(:lines) AS (book_id integer, quantity integer))
        WITH ORDINALITY AS line (book_id, quantity, place)
    GROUP BY book_id
),
priced AS (
    SELECT row_number() OVER (ORDER BY place) AS line_no, book_id, quantity, price
    FROM wanted LEFT JOIN offers USING (book_id)
),
placed AS (
    INSERT INTO orders (customer_id, ship_to, subtotal, shipping, note)
    SELECT
        :customer_id,
        coalesce(:ship_to, (SELECT address FROM customers WHERE customer_id = :customer_id)),
        sum(quantity * price),
        CASE WHEN sum(quantity * price) >= 50 THEN 0 ELSE 3.95 END,
        :note
    FROM priced
    RETURNING order_id, status, subtotal, shipping, total, placed_at
),
lines AS (
    INSERT INTO order_lines (order_id, line_no, book_id, quantity, unit_price)
    SELECT order_id, line_no, book_id, quantity, price
    FROM placed CROSS JOIN priced
    RETURNING line_no, book_id, quantity, unit_price, line_total
)
SELECT
    order_id, status, subtotal, shipping, total, placed_at,
    (SELECT json_agg(lines ORDER BY line_no) FROM lines) AS lines
FROM placed
