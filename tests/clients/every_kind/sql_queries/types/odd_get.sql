-- result: one
-- http: GET /odd
-- params: {iv: {optional: true}, ip: {optional: true}, ci: {optional: true}, r: {optional: true}, mr: {optional: true}, m: {optional: true}, bt: {optional: true}, vb: {optional: true}, mac: {optional: true}, pt: {optional: true}, c: {optional: true}, v: {optional: true}, hs: {optional: true}, x: {optional: true}}
SELECT :iv::interval AS iv, :ip::inet AS ip, :ci::citext AS ci, :r::int4range AS r, :mr::int4multirange AS mr, :m::money AS m, :bt::bit(4) AS bt, :vb::varbit AS vb, :mac::macaddr AS mac, :pt::point AS pt, :c::char(3) AS c, :v::varchar(5) AS v, :hs::hstore AS hs, :x::oid AS x
