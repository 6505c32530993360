-- summary: Books on sale whose title, authors or description have these words, best match first
-- description: >
--   The words are read as a search engine reads them: `"exact phrase"`, `either or other`, `-without`.
--   A match in the title or the authors counts most, then the subtitle, then the description.
-- result: many
-- http: GET /search
-- allow: [anyone]
-- params:
--   words: {minLength: 1, maxLength: 200}
--   format: {optional: true}
--   in_stock: {optional: true, description: "true: only books that can be sent today; false: only those that cannot"}
--   at_most: {default: 20, minimum: 1, maximum: 100}

WITH best AS (
    -- The excerpt below is costly, so it is made for the rows that are answered and for no others.
    SELECT book_id, isbn, title, byline, description, format, price, available, ts_rank(search, query) AS rank, query
    FROM books JOIN offers USING (book_id) CROSS JOIN websearch_to_tsquery('english', :words) AS query
    WHERE search @@ query
      AND (:format IS NULL OR format = :format)
      AND (:in_stock IS NULL OR (available > 0) = :in_stock)
    ORDER BY rank DESC, book_id
    LIMIT :at_most
)
SELECT book_id, isbn, title, byline, format, price, available, rank,
       ts_headline('english', description, query, 'StartSel=**, StopSel=**') AS excerpt
FROM best
ORDER BY rank DESC, book_id
