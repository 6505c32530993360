-- summary: Remember what a customer chose on the website
-- result: none
-- http: PUT /customers/{customer_id}/preferences
-- allow: [iam, direct, jwt]
-- params:
--   newsletter: {optional: true, description: Left as it is unless given}

UPDATE customers
SET preferences = :preferences, newsletter = coalesce(:newsletter, newsletter)
WHERE customer_id = :customer_id
