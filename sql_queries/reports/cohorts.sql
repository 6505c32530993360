-- summary: How many customers come back, by the quarter in which they first bought
-- description: The nth number of `active` is how many of the cohort bought in the nth quarter after their first one.
-- result: many
-- http: GET /reports/cohorts

WITH quarters AS (
    SELECT DISTINCT customer_id, date_trunc('quarter', placed_at, 'UTC')::date AS quarter
    FROM orders
    WHERE status <> 'cancelled'
),
counted AS (
    SELECT
        min(quarter) OVER (PARTITION BY customer_id) AS cohort,
        quarter
    FROM quarters
),
activity AS (
    SELECT cohort, quarter, count(*) AS customers FROM counted GROUP BY cohort, quarter
),
calendar AS (
    SELECT first_of.cohort, step.quarter::date AS quarter
    FROM (SELECT DISTINCT cohort FROM activity) AS first_of
    CROSS JOIN LATERAL generate_series(
        first_of.cohort, (SELECT max(quarter) FROM activity), interval '3 months'
    ) AS step (quarter)
)
SELECT
    cohort,
    max(customers) FILTER (WHERE quarter = cohort) AS customers,
    coalesce(array_agg(coalesce(customers, 0) ORDER BY quarter) FILTER (WHERE quarter > cohort), '{}') AS active
FROM calendar LEFT JOIN activity USING (cohort, quarter)
GROUP BY cohort
ORDER BY cohort
