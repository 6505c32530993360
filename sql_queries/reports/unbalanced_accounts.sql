-- summary: Accounts whose balance is not what their transfers add up to
-- description: Should never find any. For a nightly check that rings a bell when it does.
-- result: many

WITH moved AS (
    SELECT account_id, sum(change) AS expected
    FROM (
        SELECT from_account AS account_id, -amount AS change FROM transfers
        UNION ALL
        SELECT to_account, amount FROM transfers
    ) AS movements
    GROUP BY account_id
)
SELECT account_id, kind, customer_id, balance, coalesce(expected, 0) AS expected
FROM accounts LEFT JOIN moved USING (account_id)
WHERE balance <> coalesce(expected, 0)
ORDER BY account_id
