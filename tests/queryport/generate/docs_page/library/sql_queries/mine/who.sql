-- summary: Who calls
-- result: value
-- http: GET /who
-- allow: [jwt]
-- params: {name: {from: claims.sub}}
SELECT :name::text AS name
