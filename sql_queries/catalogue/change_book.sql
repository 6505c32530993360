-- summary: Change some of a book's columns
-- description: >
--   What is left out stays as it is, and null takes a value out. `If-Match` says which version is meant: a book that
--   somebody else has changed meanwhile is left alone.
-- result: one
-- etag: {column: version, required: true}
-- http: PATCH /books/{book_id}
-- params:
--   title: {patch: true, minLength: 1, maxLength: 300}
--   subtitle: {patch: true, maxLength: 300}
--   publisher: {patch: true, minLength: 1}
--   subject_id: {patch: true}
--   pages: {patch: true, minimum: 1}
--   published_on: {patch: true}
--   tags: {patch: true, uniqueItems: true, maxItems: 20}
--   description: {patch: true, maxLength: 5000}

UPDATE books
SET
    title = :title,
    subtitle = :subtitle,
    publisher = :publisher,
    subject_id = :subject_id,
    pages = :pages,
    published_on = :published_on,
    tags = :tags,
    description = :description
WHERE book_id = :book_id
RETURNING book_id, title, subtitle, publisher, subject_id, pages, published_on, tags, description, version, updated_at
