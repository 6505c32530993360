-- summary: The size of a file
-- result: value
-- http: POST /size
SELECT length(:content::bytea) AS size
