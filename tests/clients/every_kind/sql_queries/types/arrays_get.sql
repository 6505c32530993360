-- result: one
-- http: GET /arrays
-- params: {g: {type: 'integer[][]', optional: true}, j: {optional: true}, t: {optional: true}, d: {optional: true}, n: {optional: true}, b: {optional: true}, u: {optional: true}}
SELECT :a::int[] AS a, :t::text[] AS t, :g::int[] AS g, :j::jsonb[] AS j, :d::date[] AS d, :n::numeric[] AS n, :b::bool[] AS b, :u::uuid[] AS u
