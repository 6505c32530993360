-- result: one
-- http: GET /composites
SELECT :p::point3 AS p, :ps::point3[] AS ps
