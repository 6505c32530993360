-- summary: The customer with this mail address, if there is one
-- description: Callable by name only; as a route it would let anybody ask who the customers are, and leave addresses in logs.
-- result: maybe
-- params:
--   email: {type: email, format: email}

SELECT customer_id, email, name, joined_at
FROM customers
WHERE lower(email) = lower(:email)
