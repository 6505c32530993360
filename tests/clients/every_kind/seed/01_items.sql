INSERT INTO item (
  name, state, flag, price, share, code, amount, r, d, day, at, span, during, win, grid, tags, doc, hs, ci, raw, ip, u, ok,
  c, ts, tz, m, bt, vb
)
SELECT
  'item ' || n, 'new'::a.state, 'on'::b.state, n, n % 100, 'ABC', n, n, n, '2026-01-31', '10:00', '1 day',
  '[2026-01-01,2026-02-01)', '[1,5)', '{{1,2},{3,4}}', '{a,b}', '{"a": 1}', 'a=>1', 'Ci', '\x00ff', '10.0.0.1'::inet,
  gen_random_uuid(), true, 'abc', '2026-01-31', '10:00+01', 1, '1010', '101'
FROM generate_series(1, 20) n;
