-- result: one
-- http: POST /items
-- status: 201
-- location: /items/{id}
-- params: {price: {optional: true}, tags: {default: []}, flag: {optional: true}}
INSERT INTO item (name, price, tags, flag, amount) VALUES (:name, :price, :tags, :flag, :amount) RETURNING id, name, price, tags, flag
