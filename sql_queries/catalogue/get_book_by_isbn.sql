-- summary: The book with this ISBN, if the shop knows it
-- result: maybe
-- http: GET /isbn/{isbn}
-- allow: [anyone]
-- params:
--   isbn: {type: isbn13, pattern: "^97[89][0-9]{10}$", examples: ["9780000800213"]}

SELECT
    books.book_id, books.isbn, books.title, books.byline, books.format, books.published_on,
    offers.price, offers.available
FROM books LEFT JOIN offers ON offers.book_id = books.book_id
WHERE books.isbn = :isbn
