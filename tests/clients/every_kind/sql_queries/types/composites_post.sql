-- result: one
-- http: POST /composites
SELECT :p::point3 AS p, :s::shape AS s, :ps::point3[] AS ps
