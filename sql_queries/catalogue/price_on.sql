-- summary: What a book costs, or cost on an earlier day
-- description: NotFound if it was not for sale on that day.
-- result: value
-- http: GET /books/{book_id}/price
-- allow: [anyone]
-- params:
--   day: {optional: true, description: Today unless given}

SELECT price
FROM book_prices
WHERE book_id = :book_id AND during @> coalesce(:day, CURRENT_DATE)
