-- summary: How many copies of the calling publisher's books the shop has
-- result: many
-- http: GET /stock
-- page: {by: [book_id], size: 100, max: 1000}

SELECT books.book_id, isbn, title, on_hand, available, reorder_level
FROM books JOIN stock ON stock.book_id = books.book_id
WHERE publisher = :publisher
