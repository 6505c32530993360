-- summary: Orders and revenue by month, with the year's running total and the growth against the year before
-- result: many
-- http: GET /reports/monthly-revenue
-- params:
--   from_day: {default: "2023-07-01"}
--   until_day: {optional: true, description: Up to but not including this day; without end unless given}

WITH months AS (
    SELECT date_trunc('month', placed_at, 'UTC')::date AS month, count(*) AS orders, sum(total) AS revenue
    FROM orders
    WHERE status NOT IN ('cancelled', 'returned')
      AND placed_at >= :from_day::date
      AND (:until_day IS NULL OR placed_at < :until_day::date)
    GROUP BY 1
)
SELECT
    month,
    orders,
    revenue,
    round(revenue / orders, 2) AS average_order,
    sum(revenue) OVER (PARTITION BY extract(year FROM month) ORDER BY month) AS year_to_date,
    (revenue / lag(revenue, 12) OVER (ORDER BY month) - 1)::double precision AS growth
FROM months
ORDER BY month
