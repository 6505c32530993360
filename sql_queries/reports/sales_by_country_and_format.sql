-- summary: Copies and revenue by country and format, with all the totals
-- description: A country or a format of null stands for all of them.
-- result: many
-- http: GET /reports/sales-by-country-and-format

SELECT
    (ship_to).country AS country,
    format,
    count(DISTINCT order_id) AS orders,
    sum(quantity) AS copies,
    sum(line_total) AS revenue
FROM orders JOIN order_lines USING (order_id) JOIN books USING (book_id)
WHERE placed_at >= :from_day::date AND placed_at < :until_day::date AND status NOT IN ('cancelled', 'returned')
GROUP BY CUBE ((ship_to).country, format)
ORDER BY country NULLS FIRST, format NULLS FIRST
