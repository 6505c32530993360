-- result: one
-- http: GET /enums/{e}
SELECT :e::a.state AS e, :f::b.state AS f, :es::a.state[] AS es
