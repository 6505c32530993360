-- The tools go, the shop stays. Statistics, so that the first query is planned as well as the thousandth; a small sample
-- does, autovacuum takes a larger one in its own time.

DROP SCHEMA seed CASCADE;

SET LOCAL default_statistics_target = 25;

ANALYZE;
