-- summary: Take over a publisher's list of books
-- description: >
--   A book that the shop has not got yet is added, one that it has is brought up to date, one that is as it should be
--   is left alone. The answer is how many books were added or changed.
-- result: affected
-- params:
--   books:
--     description: The list; what is missing from an item is taken as unknown
--     minItems: 1
--     maxItems: 1000
--     items:
--       type: object
--       required: [isbn, title, byline, publisher, subject_id, format, published_on]
--       additionalProperties: false
--       properties:
--         isbn: {type: string, pattern: "^97[89][0-9]{10}$"}
--         title: {type: string, minLength: 1}
--         subtitle: {type: [string, "null"]}
--         byline: {type: string}
--         publisher: {type: string}
--         subject_id: {type: integer}
--         format: {type: string, enum: [hardback, paperback, board_book, audio_cd]}
--         language: {type: string, pattern: "^[a-z]{2,3}$"}
--         pages: {type: [integer, "null"], minimum: 1}
--         published_on: {type: string, format: date}
--         tags: {type: array, items: {type: string}}
--         description: {type: [string, "null"]}

INSERT INTO books (
    isbn, title, subtitle, byline, publisher, subject_id, format, language, pages, published_on, tags, description
)
SELECT
    isbn, title, subtitle, byline, publisher, subject_id, format, coalesce(language, 'en'), pages, published_on,
    coalesce(tags, '{}'), description
FROM jsonb_to_recordset(:books) AS listed (
    isbn isbn13, title text, subtitle text, byline text, publisher text, subject_id integer, format book_format,
    language text, pages smallint, published_on date, tags text[], description text
)
-- In one order, so that two lists that are taken over at once do not wait for each other in a circle.
ORDER BY isbn
ON CONFLICT (isbn) DO UPDATE SET
    title = EXCLUDED.title,
    subtitle = EXCLUDED.subtitle,
    byline = EXCLUDED.byline,
    publisher = EXCLUDED.publisher,
    subject_id = EXCLUDED.subject_id,
    format = EXCLUDED.format,
    language = EXCLUDED.language,
    pages = EXCLUDED.pages,
    published_on = EXCLUDED.published_on,
    tags = EXCLUDED.tags,
    description = EXCLUDED.description
WHERE (books.title, books.subtitle, books.byline, books.publisher, books.subject_id, books.format, books.language,
       books.pages, books.published_on, books.tags, books.description)
    IS DISTINCT FROM
      (EXCLUDED.title, EXCLUDED.subtitle, EXCLUDED.byline, EXCLUDED.publisher, EXCLUDED.subject_id, EXCLUDED.format,
       EXCLUDED.language, EXCLUDED.pages, EXCLUDED.published_on, EXCLUDED.tags, EXCLUDED.description)
