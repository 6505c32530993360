-- summary: A book as it is edited
-- description: What `change_book` can change, and the version that it takes back as `If-Match`.
-- result: one
-- etag: version
-- http: GET /books/{book_id}/record

SELECT
    book_id, title, subtitle, publisher, subject_id, format, language, pages, published_on, tags, description, version
FROM books
WHERE book_id = :book_id
