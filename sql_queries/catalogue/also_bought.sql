-- summary: What those who bought this book also bought
-- result: many
-- http: GET /books/{book_id}/also-bought
-- allow: [anyone]
-- params:
--   at_most: {default: 10, minimum: 1, maximum: 50}

SELECT books.book_id, books.title, books.byline, books.format, offers.price, together.orders
FROM (
    SELECT other.book_id, count(*) AS orders
    FROM order_lines AS this JOIN order_lines AS other ON other.order_id = this.order_id
    WHERE this.book_id = :book_id AND other.book_id <> this.book_id
    GROUP BY other.book_id
) AS together
JOIN books ON books.book_id = together.book_id
JOIN offers ON offers.book_id = together.book_id
WHERE offers.available > 0
ORDER BY together.orders DESC, books.book_id
LIMIT :at_most
