-- summary: What customers think of a book, latest first
-- result: many
-- http: GET /books/{book_id}/reviews
-- params:
--   rating: {optional: true, minimum: 1, maximum: 5, description: Only reviews with this many stars}
-- page: {by: [written_at desc, review_id desc], size: 20, max: 100}

SELECT
    reviews.review_id, customers.name, reviews.rating, reviews.body, reviews.written_at,
    EXISTS (
        SELECT FROM orders JOIN order_lines USING (order_id)
        WHERE orders.customer_id = reviews.customer_id
          AND order_lines.book_id = reviews.book_id
          AND delivered_at IS NOT NULL
    ) AS bought_here
FROM reviews JOIN customers ON customers.customer_id = reviews.customer_id
WHERE reviews.book_id = :book_id
  AND (:rating IS NULL OR reviews.rating = :rating)
