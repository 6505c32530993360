-- summary: The customer with this mail address, if there is one
-- description: Callable by name only, since the address in a URL would end up in every log on the way.
-- result: maybe
-- params:
--   email: {type: email, format: email}

SELECT customer_id, email, name, joined_at
FROM customers
WHERE lower(email) = lower(:email)
