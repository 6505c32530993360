-- summary: One customer, with their credit and what they have bought
-- result: one
-- http: GET /customers/{customer_id}
-- allow: [iam, direct, jwt]

SELECT
    customers.customer_id, customers.email, customers.name, customers.phone, customers.address,
    customers.newsletter, customers.preferences, customers.joined_at, customers.updated_at,
    coalesce(accounts.balance, 0) AS credit,
    bought.orders, bought.spent, bought.last_order_at
FROM customers
LEFT JOIN accounts ON accounts.customer_id = customers.customer_id
CROSS JOIN LATERAL (
    SELECT count(*) AS orders, coalesce(sum(total), 0) AS spent, max(placed_at) AS last_order_at
    FROM orders
    WHERE orders.customer_id = customers.customer_id AND status NOT IN ('cancelled', 'returned')
) AS bought
WHERE customers.customer_id = :customer_id
