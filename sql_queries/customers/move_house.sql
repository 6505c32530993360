-- summary: Change a customer's address
-- description: Where earlier orders went stays as it is.
-- result: one
-- http: PUT /customers/{customer_id}/address
-- allow: [iam, direct, jwt]

UPDATE customers
SET address = :address
WHERE customer_id = :customer_id
RETURNING customer_id, address, updated_at
