-- summary: Write a review, or write it anew
-- result: one
-- http: PUT /books/{book_id}/reviews/{customer_id}
-- allow: [iam, direct, jwt]
-- params:
--   rating: {minimum: 1, maximum: 5}
--   body: {optional: true, minLength: 1, maxLength: 10000}

INSERT INTO reviews AS review (book_id, customer_id, rating, body)
VALUES (:book_id, :customer_id, :rating, :body)
ON CONFLICT (book_id, customer_id) DO UPDATE SET
    rating = EXCLUDED.rating,
    body = EXCLUDED.body,
    written_at = now()
RETURNING review_id, book_id, customer_id, rating, body, written_at
