INSERT INTO book
SELECT
    n,
    'Book ' || n,
    100 - n + 0.50,
    CASE WHEN n % 2 = 0 THEN 'hard' ELSE 'soft' END::cover,
    CASE WHEN n % 3 = 0 THEN '{}'::text[] ELSE ARRAY['tag ' || n, 'x'] END,
    jsonb_build_object('pages', n, 'by', jsonb_build_array('Ada', n)),
    CASE WHEN n % 4 > 0 THEN date '2026-01-01' + n END
FROM generate_series(1, 12) n;

INSERT INTO book
VALUES (
    9007199254740991,
    $$<script>window.harmed = 1</script>"'><img src=x onerror="window.harmed = 2">$$,
    1.00,
    'soft',
    '{"<b>x</b>"}'
);
