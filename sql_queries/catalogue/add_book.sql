-- summary: Take a new book into the catalogue
-- description: >
--   The book, its authors, its first price and its empty place on the shelf come into being together or not at all.
-- result: one
-- http: POST /books
-- params:
--   isbn: {pattern: "^97[89][0-9]{10}$", description: Thirteen digits without hyphens; the last one is a check digit}
--   title: {minLength: 1, maxLength: 300}
--   subtitle: {optional: true, maxLength: 300}
--   publisher: {minLength: 1}
--   language: {default: en, pattern: "^[a-z]{2,3}$"}
--   pages: {optional: true, minimum: 1}
--   tags: {default: [], uniqueItems: true, maxItems: 20}
--   description: {optional: true, maxLength: 5000}
--   details: {default: {}, description: "Whatever else is known, such as {weight_g: 410}"}
--   author_ids: {minItems: 1, maxItems: 20, uniqueItems: true, description: In the order of the cover}
--   price: {minimum: 0, multipleOf: 0.01}

WITH credited AS (
    -- A left join, so that an unknown author breaks the foreign key below instead of going missing in silence.
    SELECT author_id, authors.name, position
    FROM unnest(:author_ids::integer[]) WITH ORDINALITY AS given (author_id, position)
    LEFT JOIN authors USING (author_id)
),
book AS (
    INSERT INTO books (
        isbn, title, subtitle, byline, publisher, subject_id, format, language, pages, published_on, tags, description,
        details
    )
    SELECT
        :isbn, :title, :subtitle, coalesce(string_agg(name, ', ' ORDER BY position), ''), :publisher, :subject_id,
        :format, :language, :pages, :published_on, :tags, :description, :details
    FROM credited
    RETURNING book_id, isbn, title, byline, format, published_on, created_at
),
credits AS (
    INSERT INTO book_authors (book_id, author_id, position)
    SELECT book_id, author_id, position FROM book CROSS JOIN credited
),
first_price AS (
    INSERT INTO book_prices (book_id, during, price)
    SELECT book_id, daterange(published_on, NULL), :price FROM book
),
shelf AS (
    INSERT INTO stock (book_id)
    SELECT book_id FROM book
)
SELECT book_id, isbn, title, byline, created_at FROM book
