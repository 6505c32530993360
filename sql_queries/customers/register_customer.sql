-- summary: Register a customer
-- description: >
--   Opens the customer's store credit account as well. A mail address that somebody has already, in whatever capitals,
--   is EmailTaken.
-- result: one
-- http: POST /customers
-- errors:
--   customers_email: {code: EmailTaken, status: 409}
-- params:
--   email: {format: email, maxLength: 254}
--   name: {minLength: 1, maxLength: 200}
--   phone: {optional: true, pattern: "^\\+[0-9 ]{6,20}$"}
--   address: {optional: true}
--   newsletter: {default: false}
--   preferences: {default: {}}

WITH customer AS (
    INSERT INTO customers (email, name, phone, address, newsletter, preferences)
    VALUES (:email, :name, :phone, :address, :newsletter, :preferences)
    RETURNING customer_id, email, name, joined_at
),
account AS (
    INSERT INTO accounts (kind, customer_id)
    SELECT 'customer', customer_id FROM customer
    RETURNING account_id
)
SELECT customer.customer_id, customer.email, customer.name, customer.joined_at, account.account_id
FROM customer CROSS JOIN account
