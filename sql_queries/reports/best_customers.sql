-- summary: The customers who bought the most, with their mail addresses
-- description: Names people, so it is for the reporting role alone.
-- result: many
-- allow: ["iam:role/reporting-*", direct]
-- params:
--   at_most: {default: 20, minimum: 1, maximum: 1000}

SELECT customer_id, name, email, count(*) AS orders, sum(total) AS spent
FROM orders JOIN customers USING (customer_id)
WHERE status NOT IN ('cancelled', 'returned')
GROUP BY customer_id, name, email
ORDER BY spent DESC, customer_id
LIMIT :at_most
