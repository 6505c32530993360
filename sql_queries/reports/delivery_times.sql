-- summary: How long parcels take to each country
-- result: many
-- http: GET /reports/delivery-times
-- params:
--   share: {default: 0.9, exclusiveMinimum: 0, exclusiveMaximum: 1, description: How many `most_within` speaks of}
--   longer_than: {optional: true, description: "Only parcels that took longer, such as P3D or 3 days"}

WITH parcels AS (
    SELECT (ship_to).country AS country, date_trunc('minute', delivered_at - shipped_at) AS took
    FROM orders
    WHERE placed_at >= :from_day::date AND placed_at < :until_day::date
      AND delivered_at IS NOT NULL
      AND (:longer_than IS NULL OR delivered_at - shipped_at > :longer_than)
)
SELECT
    country,
    count(*) AS parcels,
    justify_hours(avg(took)) AS average,
    justify_hours(percentile_disc(:share::double precision) WITHIN GROUP (ORDER BY took)) AS most_within,
    justify_hours(max(took)) AS slowest
FROM parcels
GROUP BY country
ORDER BY country
