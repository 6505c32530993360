-- http: POST /items/{id}/touches
-- status: 202
UPDATE item SET version = version + 1 WHERE id = :id
