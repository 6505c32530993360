-- summary: The little picture that stands in for a cover while it loads
-- result: value
-- format: bytes
-- type: image/bmp
-- cache: {public: true, max_age: 3600}
-- http: GET /books/{book_id}/thumbnail
-- allow: [anyone]

SELECT thumbnail FROM books WHERE book_id = :book_id
