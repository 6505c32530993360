-- summary: Give a customer store credit, as a voucher or as an apology
-- description: >
--   The caller names the transfer. Sent again under the same name it is a UniqueViolation and no money moves, so it may
--   be repeated whenever the answer got lost. NotFound if the customer is unknown.
-- result: one
-- http: POST /customers/{customer_id}/credit
-- params:
--   kind: {enum: [goodwill, vouchers], description: Which of the shop's accounts it comes out of}
--   amount: {exclusiveMinimum: 0, maximum: 500, multipleOf: 0.01}
--   reason: {minLength: 1, maxLength: 200}

INSERT INTO transfers (transfer_id, from_account, to_account, amount, reason)
SELECT :transfer_id, shop.account_id, customer.account_id, :amount, :reason
FROM accounts AS shop CROSS JOIN accounts AS customer
WHERE shop.kind = :kind AND customer.customer_id = :customer_id
RETURNING transfer_id, amount, transferred_at
