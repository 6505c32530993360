-- result: one
-- http: PATCH /items/{id}
-- etag: {column: version, required: true}
-- params: {name: {patch: true}, price: {patch: true}, state: {patch: true}, share: {patch: true}}
UPDATE item SET name = :name, price = :price, state = :state, share = :share, version = version + 1 WHERE id = :id RETURNING id, name, version
