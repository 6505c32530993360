-- result: value
-- http: POST /count
SELECT count(*) AS items FROM item WHERE name LIKE :p
