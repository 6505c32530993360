-- summary: Note that parcels have arrived
-- description: For the carrier's nightly file. A code that is unknown, or was noted already, does not count.
-- result: affected
-- params:
--   tracking_codes: {minItems: 1, maxItems: 5000}

UPDATE orders SET status = 'delivered'
WHERE status = 'shipped' AND tracking_code = ANY (:tracking_codes)
