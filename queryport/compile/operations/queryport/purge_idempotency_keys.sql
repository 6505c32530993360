-- summary: Delete idempotency keys that have lapsed
-- description: >
--   For a schedule, say every hour. One call deletes at most `at_most` keys and answers how many; where that is as many as
--   it might, there may be more. Several may run at once.
-- result: affected
-- allow: [direct]
-- http: off
-- idempotency: off
-- params:
--   at_most: {default: 10000, minimum: 1, maximum: 100000}

DELETE FROM queryport.idempotency_key
WHERE (operation, key) IN (
    SELECT operation, key FROM queryport.idempotency_key
    WHERE expires_at <= now()
    ORDER BY expires_at
    LIMIT :at_most
    FOR UPDATE SKIP LOCKED
)
