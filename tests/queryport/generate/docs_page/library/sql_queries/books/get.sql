-- summary: One book
-- result: one
-- http: GET /books/{book_id}
-- params: {book_id: {minimum: 1}}
SELECT book_id, title, price FROM book WHERE book_id = :book_id
