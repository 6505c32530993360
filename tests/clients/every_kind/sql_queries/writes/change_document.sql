-- result: maybe
-- http: PATCH /items/{id}/doc
-- etag: version
-- params: {doc: {patch: true}, tags: {patch: true}}
UPDATE item SET doc = :doc, tags = :tags, version = version + 1 WHERE id = :id RETURNING id, doc, tags, version
