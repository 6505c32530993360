-- summary: Give a book that was read before another title
-- result: one
-- http: PUT /books/{book_id}/title
-- etag: {column: title, required: true}
UPDATE book SET title = :title WHERE book_id = :book_id RETURNING book_id, title
