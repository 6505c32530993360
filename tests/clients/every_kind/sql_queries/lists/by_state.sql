-- http: GET /items-by-state/{state}
-- sort: [name]
SELECT id, name FROM item WHERE state = :state
