-- summary: All about one book
-- result: one
-- http: GET /books/{book_id}
-- allow: [anyone]

SELECT
    books.book_id, books.isbn, books.title, books.subtitle, books.byline, books.publisher,
    books.subject_id, subjects.name AS subject,
    books.format, books.language, books.pages, books.published_on, books.tags, books.description, books.details,
    credits.credits,
    offers.price, offers.available,
    opinions.reviews, opinions.rating, opinions.stars,
    books.created_at, books.updated_at
FROM books
JOIN subjects ON subjects.subject_id = books.subject_id
LEFT JOIN offers ON offers.book_id = books.book_id
CROSS JOIN LATERAL (
    SELECT coalesce(
        json_agg(json_build_object('author_id', author_id, 'name', name, 'role', role) ORDER BY position), '[]'
    ) AS credits
    FROM book_authors JOIN authors USING (author_id)
    WHERE book_authors.book_id = books.book_id
) AS credits
CROSS JOIN LATERAL (
    SELECT
        count(*) AS reviews,
        round(avg(rating), 2) AS rating,
        -- How many gave one star, two stars, …
        ARRAY[
            count(*) FILTER (WHERE rating = 1), count(*) FILTER (WHERE rating = 2), count(*) FILTER (WHERE rating = 3),
            count(*) FILTER (WHERE rating = 4), count(*) FILTER (WHERE rating = 5)
        ] AS stars
    FROM reviews
    WHERE reviews.book_id = books.book_id
) AS opinions
WHERE books.book_id = :book_id
