-- result: none
-- http: DELETE /items/{id}
-- status: 204
-- idempotency: off
DELETE FROM item WHERE id = :id AND id > 1000
