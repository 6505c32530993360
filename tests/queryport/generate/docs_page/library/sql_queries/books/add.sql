-- summary: Add a book
-- result: one
-- http: POST /books
-- params:
--   title: {minLength: 1, maxLength: 100}
--   tags: {maxItems: 3}
--   details: {optional: true}
--   published: {optional: true}
INSERT INTO book (title, price, cover, tags, details, published)
VALUES (:title, :price, :cover, :tags, :details, :published) RETURNING book_id, title, price, tags, details
