-- result: one
-- http: POST /domains
SELECT :p::percent AS p, :c::code AS c, :q::qty AS q, :ps::percent[] AS ps
