-- summary: The customers, newest first
-- result: many
-- http: GET /customers
-- params:
--   country: {optional: true, type: country_code, description: "Only those whose address on file is there, such as IE"}
--   newsletter: {optional: true}
--   joined_after: {optional: true}
-- page: {by: [joined_at desc, customer_id desc], size: 50, max: 500}

SELECT customer_id, name, email, (address).city AS city, (address).country AS country, newsletter, joined_at
FROM customers
WHERE (:country IS NULL OR (address).country = :country)
  AND (:newsletter IS NULL OR newsletter = :newsletter)
  AND (:joined_after IS NULL OR joined_at > :joined_after)
