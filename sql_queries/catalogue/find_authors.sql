-- summary: Authors by the beginning of the name that their books are shelved under
-- result: many
-- http: GET /authors
-- allow: [anyone]
-- params:
--   starts_with: {minLength: 2, maxLength: 60, pattern: "^[^%_\\\\]+$", description: "Such as 'le g' for Le Guin"}

SELECT author_id, name, sort_name, born, died, country, credits.books, credits.latest
FROM authors
CROSS JOIN LATERAL (
    SELECT count(*) AS books, max(published_on) AS latest
    FROM book_authors JOIN books USING (book_id)
    WHERE book_authors.author_id = authors.author_id
) AS credits
WHERE lower(sort_name) LIKE lower(:starts_with) || '%'
ORDER BY lower(sort_name), author_id
LIMIT 50
