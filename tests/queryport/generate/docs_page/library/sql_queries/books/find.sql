-- summary: Find books
-- result: many
-- http: GET /books/find
-- sort: [title, price]
-- filter: [title, price, cover, published, details]
-- count: true
-- page: {by: [book_id], size: 5, max: 50}
SELECT book_id, title, price, cover, published, details FROM book
