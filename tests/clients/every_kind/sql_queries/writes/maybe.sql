-- result: maybe
-- http: GET /items/named/{name}
SELECT id, name FROM item WHERE name = :name
