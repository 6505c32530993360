-- summary: The books to order from the publishers, the fastest-selling first
-- description: A book is listed when fewer copies are free than its reorder level.
-- result: many
-- http: GET /reports/reorder-list
-- params:
--   as_of: {optional: true, description: "The day that `days` are counted back from, today unless given"}
--   days: {default: 90, minimum: 1, maximum: 3650, description: The stretch of time that sales are counted in}
--   publisher: {optional: true}
--   at_most: {default: 100, minimum: 1, maximum: 1000}

SELECT
    books.book_id, books.isbn, books.title, books.publisher,
    stock.available, stock.reorder_level, stock.counted_at, sold.copies AS sold
FROM stock
JOIN books ON books.book_id = stock.book_id
CROSS JOIN LATERAL (
    SELECT coalesce(sum(quantity), 0) AS copies
    FROM order_lines JOIN orders USING (order_id)
    WHERE order_lines.book_id = stock.book_id
      AND placed_at >= coalesce(:as_of, CURRENT_DATE) - :days::integer
      AND placed_at < coalesce(:as_of, CURRENT_DATE)
      AND status <> 'cancelled'
) AS sold
WHERE stock.available < stock.reorder_level
  AND (:publisher IS NULL OR books.publisher = :publisher)
ORDER BY sold.copies DESC, books.book_id
LIMIT :at_most
