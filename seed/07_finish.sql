-- The tools go, the shop stays.

DROP SCHEMA seed CASCADE;
