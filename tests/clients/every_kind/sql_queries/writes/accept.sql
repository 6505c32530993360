-- result: none
-- http: POST /items/{id}/touch
-- status: 202
UPDATE item SET version = version + 1 WHERE id = :id
