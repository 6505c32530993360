-- summary: Record that an order was paid
-- description: >
--   Both or neither: the payment is on record and the order is paid. The provider's reference twice, or a second
--   payment for one order, is a UniqueViolation; an order whose stock is not reserved is a BusinessRule; an unknown one
--   NotFound.
-- result: one
-- http: POST /orders/{order_id}/payments
-- params:
--   method: {enum: [card, paypal, bank_transfer]}
--   provider_reference: {minLength: 1, maxLength: 100}
--   provider_response: {optional: true, description: "The provider's answer, word for word"}

WITH paid AS (
    UPDATE orders SET status = 'paid'
    WHERE order_id = :order_id
    RETURNING order_id, total
)
INSERT INTO payments (order_id, method, status, amount, provider_reference, provider_response)
SELECT order_id, :method, 'captured', total, :provider_reference, :provider_response
FROM paid
RETURNING payment_id, order_id, amount, status, created_at
