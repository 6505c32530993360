-- result: one
-- http: POST /echo
SELECT :text::text AS text, :number::numeric AS number, :number::numeric::text AS digits, :list::text[] AS list
