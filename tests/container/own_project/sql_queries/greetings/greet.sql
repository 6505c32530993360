-- summary: A greeting
-- result: value
-- http: GET /greetings/{name}
SELECT 'Hello, ' || :name::text
