-- summary: Whose key
-- result: value
-- http: GET /whose-key
-- allow: ['key:*']
-- params: {name: {from: caller.id}}
SELECT :name::text AS name
