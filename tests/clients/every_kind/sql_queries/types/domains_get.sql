-- result: one
-- http: GET /domains
SELECT :p::percent AS p, :c::code AS c, :q::qty AS q
