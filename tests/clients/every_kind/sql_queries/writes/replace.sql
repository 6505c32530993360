-- http: PUT /items/{id}/price
-- idempotency: required
-- params: {price: {minimum: 0}}
UPDATE item SET price = :price WHERE id = :id
