-- summary: Take a review back
-- result: affected
-- http: DELETE /books/{book_id}/reviews/{customer_id}
-- allow: [iam, direct, jwt]

DELETE FROM reviews
WHERE book_id = :book_id AND customer_id = :customer_id
