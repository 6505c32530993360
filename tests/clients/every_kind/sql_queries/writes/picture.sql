-- result: value
-- http: GET /items/{id}/picture
-- format: bytes
-- type: image/png
SELECT raw FROM item WHERE id = :id
