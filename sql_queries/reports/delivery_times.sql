-- summary: How long parcels take to each country
-- result: many
-- http: GET /reports/delivery-times
-- params:
--   share: {default: 0.9, exclusiveMinimum: 0, exclusiveMaximum: 1, description: "The share of parcels that `most_within` speaks of"}
--   longer_than: {optional: true, description: "Only parcels that took longer, such as P3D or 3 days"}

SELECT
    (ship_to).country AS country,
    count(*) AS parcels,
    justify_hours(date_trunc('minute', avg(delivered_at - shipped_at))) AS average,
    justify_hours(date_trunc('minute', percentile_cont(:share::double precision) WITHIN GROUP (ORDER BY delivered_at - shipped_at))) AS most_within,
    justify_hours(date_trunc('minute', max(delivered_at - shipped_at))) AS slowest
FROM orders
WHERE placed_at >= :from_day::date AND placed_at < :until_day::date
  AND delivered_at IS NOT NULL
  AND (:longer_than IS NULL OR delivered_at - shipped_at > :longer_than)
GROUP BY 1
ORDER BY 1
