-- http: POST /items/search
-- sort: [name, price]
-- filter: [name, state, price, pos, grid]
-- count: true
-- page: {by: [id], size: 3, max: 10}
SELECT id, name, state, price, pos, grid FROM item WHERE (:q IS NULL OR name ILIKE '%' || :q || '%')
