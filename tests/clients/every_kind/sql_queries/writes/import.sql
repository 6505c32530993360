-- batch: true
-- http: POST /item-imports
-- params: {price: {optional: true}}
INSERT INTO item (name, price) VALUES (:name, :price) ON CONFLICT DO NOTHING
