-- summary: The little picture that stands in for a cover while it loads
-- result: value
-- http: GET /books/{book_id}/thumbnail
-- allow: [anyone]

SELECT thumbnail FROM books WHERE book_id = :book_id
