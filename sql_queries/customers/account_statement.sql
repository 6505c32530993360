-- summary: What came into a customer's store credit and what went out, with the balance after each
-- result: many
-- http: GET /customers/{customer_id}/statement
-- allow: [iam, direct, jwt]
-- params:
--   since: {default: "2000-01-01T00:00:00Z", description: Transfers before this moment are left out but count}

WITH account AS (
    SELECT account_id FROM accounts WHERE customer_id = :customer_id
),
movements AS (
    SELECT transfer_id, transferred_at, reason, order_id, -amount AS change
    FROM account JOIN transfers ON from_account = account_id
    UNION ALL
    SELECT transfer_id, transferred_at, reason, order_id, amount
    FROM account JOIN transfers ON to_account = account_id
),
running AS (
    SELECT transfer_id, transferred_at, reason, order_id, change,
           sum(change) OVER (ORDER BY transferred_at, transfer_id) AS balance
    FROM movements
)
SELECT transfer_id, transferred_at, reason, order_id, change, balance
FROM running
WHERE transferred_at >= :since
ORDER BY transferred_at, transfer_id
