-- The books as the shop window shows them: today's price and what is left of them.

CREATE VIEW books_on_sale AS
SELECT
    books.book_id,
    books.isbn,
    books.title,
    books.byline,
    books.subject_id,
    books.format,
    books.language,
    books.published_on,
    books.tags,
    books.search,
    book_prices.price,
    coalesce(stock.available, 0) AS available
FROM books
JOIN book_prices ON book_prices.book_id = books.book_id AND book_prices.during @> CURRENT_DATE
LEFT JOIN stock ON stock.book_id = books.book_id;
