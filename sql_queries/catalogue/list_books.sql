-- summary: The books on sale, newest first
-- result: many
-- http: GET /books
-- allow: [anyone]
-- params:
--   subject_id: {optional: true, description: Only books of this very subject}
--   format: {optional: true}
--   language: {optional: true, pattern: "^[a-z]{2,3}$"}
--   tags: {optional: true, maxItems: 10, description: Only books that have every one of these tags}
--   published: {optional: true, description: "Only books that appeared on these days, such as [2024-01-01,2025-01-01)"}
--   max_price: {optional: true, minimum: 0}
-- sort: [price, title, published_on]
-- filter: [price, published_on, byline, language, tags, available]
-- count: true
-- page: {by: [published_on desc, book_id desc], size: 40, max: 200, unique: true}  # offers has one row a book: its prices do not overlap

SELECT books.book_id, isbn, title, byline, format, language, published_on, tags, price, available
FROM books JOIN offers ON offers.book_id = books.book_id
WHERE (:subject_id IS NULL OR subject_id = :subject_id)
  AND (:format IS NULL OR format = :format)
  AND (:language IS NULL OR language = :language)
  AND (:tags IS NULL OR tags @> :tags)
  AND (:published IS NULL OR published_on <@ :published::daterange)
  AND (:max_price IS NULL OR price <= :max_price)
