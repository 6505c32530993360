-- summary: Set a book's price from a day on
-- description: The price that holds until then ends on the day before; prices that were planned for later are dropped.
-- result: one
-- http: PUT /books/{book_id}/price
-- params:
--   price: {minimum: 0, multipleOf: 0.01}

WITH dropped AS (
    DELETE FROM book_prices
    WHERE book_id = :book_id AND lower(during) >= :from_day
),
ended AS (
    UPDATE book_prices
    SET during = daterange(lower(during), :from_day)
    WHERE book_id = :book_id AND lower(during) < :from_day AND (upper(during) > :from_day OR upper_inf(during))
)
INSERT INTO book_prices (book_id, during, price)
VALUES (:book_id, daterange(:from_day, NULL), :price)
RETURNING book_id, during, price
