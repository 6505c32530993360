-- result: one
-- http: GET /items/{id}
-- etag: version
SELECT id, name, state, version FROM item WHERE id = :id
