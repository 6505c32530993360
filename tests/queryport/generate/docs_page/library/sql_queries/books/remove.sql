-- summary: Take a book away
-- http: DELETE /books/{book_id}
DELETE FROM book WHERE book_id = :book_id
