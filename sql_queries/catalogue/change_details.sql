-- summary: Add to a book's details, or change some of them
-- description: Given keys replace those of the same name, a key with null is taken out, the others stay.
-- result: one
-- http: PATCH /books/{book_id}/details
-- params:
--   changes: {minProperties: 1, examples: [{weight_g: 410, prizes: null}]}

UPDATE books
SET details = jsonb_strip_nulls(details || :changes)
WHERE book_id = :book_id
RETURNING book_id, details, updated_at
