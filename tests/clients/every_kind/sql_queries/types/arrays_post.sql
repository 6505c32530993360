-- result: one
-- http: POST /arrays
-- params: {g: {type: 'numeric[][]'}, t3: {type: 'text[][][]', optional: true}}
SELECT :a::int[] AS a, :t::text[] AS t, :g::numeric[] AS g, :j::jsonb[] AS j, :t3::text[] AS t3, :hs::hstore[] AS hs
