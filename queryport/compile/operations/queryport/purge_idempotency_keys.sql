-- summary: Delete idempotency keys that have lapsed
-- description: >
--   For a schedule, say once a day. One call deletes all of them, in pieces of 10,000, as far as its time goes, and answers
--   how many. With `at_most` it deletes one piece of at most so many. Several may run at once.
-- result: affected
-- allow: [direct]
-- http: off
-- idempotency: off
-- params:
--   at_most: {default: 10000, minimum: 1, maximum: 100000}

-- An array is made once. With IN, and statistics of a time when the table was empty, PostgreSQL looks for the piece anew
-- for each row: it takes minutes, and deletes more than the piece.
DELETE FROM queryport.idempotency_key
WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM queryport.idempotency_key
    WHERE expires_at <= now()
    ORDER BY expires_at
    LIMIT :at_most
    FOR UPDATE SKIP LOCKED
))
