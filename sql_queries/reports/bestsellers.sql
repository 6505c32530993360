-- summary: The books that sold best in some days, by subject
-- result: many
-- http: GET /reports/bestsellers
-- params:
--   until_day: {description: Up to but not including this day}
--   per_subject: {default: 3, minimum: 1, maximum: 50}

WITH sales AS (
    SELECT book_id, sum(quantity) AS copies, sum(line_total) AS revenue
    FROM orders JOIN order_lines USING (order_id)
    WHERE placed_at >= :from_day::date AND placed_at < :until_day::date AND status NOT IN ('cancelled', 'returned')
    GROUP BY book_id
),
ranked AS (
    SELECT subjects.name AS subject, book_id, title, byline, copies, revenue,
           rank() OVER (PARTITION BY subject_id ORDER BY copies DESC, revenue DESC, book_id) AS place
    FROM sales JOIN books USING (book_id) JOIN subjects USING (subject_id)
)
SELECT subject, place, book_id, title, byline, copies, revenue
FROM ranked
WHERE place <= :per_subject
ORDER BY subject, place
