-- What the shop offers today: the price of the day and how many copies can be sent. A book without a row is not for
-- sale.

CREATE VIEW offers AS
SELECT book_prices.book_id, book_prices.price, coalesce(stock.available, 0) AS available
FROM book_prices LEFT JOIN stock ON stock.book_id = book_prices.book_id
WHERE book_prices.during @> CURRENT_DATE;
