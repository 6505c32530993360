-- result: one
-- http: GET /scalars/{i2}/{t}/{u}
SELECT :i2::smallint AS i2, :t::text AS t, :u::uuid AS u, :i4::int AS i4, :i8::bigint AS i8, :f4::real AS f4, :f8::float8 AS f8, :n::numeric AS n, :n2::numeric(6,2) AS n2,
 :b::boolean AS b, :d::date AS d, :ts::timestamptz AS ts, :tl::timestamp AS tl, :tm::time AS tm, :tz::timetz AS tz, :by::bytea AS by, :j::jsonb AS j, :js::json AS js
