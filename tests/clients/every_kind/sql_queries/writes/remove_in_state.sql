-- http: DELETE /items/{id}/if
-- etag: version
DELETE FROM item WHERE id = :id AND id > 1000
