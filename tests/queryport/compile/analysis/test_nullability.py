"""Each column's nullability, as PostgreSQL's own analysis of the statement proves it."""

from collections.abc import Callable

import pytest

from handler.contract.operation import Operation, Result

Make = Callable[[str], Operation]


def nullable(operation: Operation) -> dict[str, bool]:
    schema = operation.documentation.result_schema
    properties = (schema["items"] if operation.result is Result.MANY else schema)["properties"]
    return {name: not column or "null" in column["type"] for name, column in properties.items()}


MAY_BE_NULL = [
    # names that stand for something else
    "WITH orders AS (SELECT * FROM orders) SELECT orders.total AS a FROM customer c LEFT JOIN orders USING (customer_id)",
    "SELECT s.a FROM (SELECT o.total AS a FROM customer c LEFT JOIN orders o USING (customer_id)) s",
    "SELECT app.rank() AS a",
    "SELECT app.count(1) AS a",
    "SELECT app.lower('X') AS a",
    "SELECT 3 OPERATOR(app.-) 2 AS a",
    # rules, triggers and views that answer what they like
    "INSERT INTO ruled (id, v) VALUES (1, 'x') RETURNING v AS a",
    "INSERT INTO ruled (id, v) VALUES (1, 'x') RETURNING id AS a",
    "UPDATE ruled SET v = 'z' WHERE id = 1 RETURNING id AS a",
    "DELETE FROM ruled WHERE id = 1 RETURNING v AS a",
    "INSERT INTO triggered (id, v) VALUES (1, 'x') RETURNING v AS a",
    "UPDATE triggered SET v = 'z' WHERE id = 1 RETURNING id AS a",
    "UPDATE shown SET v = 'z' WHERE a = 1 RETURNING one AS a",
    # built-in functions that answer NULL to what is not NULL
    "SELECT lower(coalesce(during, '(,)')) AS a FROM orders",
    "SELECT concat(VARIADIC (SELECT NULL::text[])) AS a",
    "SELECT concat(VARIADIC array_agg(region)) AS a FROM orders",
    "SELECT coalesce(doc::jsonb -> 'n', '0')::int AS a FROM orders",
    "SELECT coalesce(doc -> 'n', '0') AS a FROM orders ORDER BY (coalesce(doc -> 'n', '0')::text)::int IS NULL",
    "SELECT extract(year FROM now()) AS a",
    "SELECT to_char(now(), '') AS a",
    "SELECT '{}'::jsonb -> 'x' AS a",
    "SELECT array_length('{}'::int[], 1) AS a",
    "SELECT substring('a' from 'b') AS a",
    "SELECT nullif(order_id, 1) AS a FROM orders",
    "SELECT current_schema AS a",
    "SELECT (ARRAY[1, 2])[3] AS a",
    "SELECT order_id IN (1, NULL) AS a FROM orders",
    "SELECT order_id = ANY (ARRAY(SELECT a FROM tick)) AS a FROM orders",
    "SELECT order_id = ANY (SELECT a FROM tick) AS a FROM orders",
    "SELECT regexp_match('a', 'b') AS a",
    "SELECT '2020-01-01'::timestamp::time AS a",
    # grouping
    "SELECT customer_id AS a FROM orders GROUP BY ROLLUP (customer_id)",
    "SELECT customer_id AS a FROM orders GROUP BY CUBE (customer_id, total)",
    "SELECT 1 AS a FROM orders GROUP BY GROUPING SETS ((a), ())",
    "SELECT coalesce(region, '-') AS a FROM orders GROUP BY ROLLUP (coalesce(region, '-'))",
    "SELECT s.a FROM (SELECT customer_id AS a FROM orders GROUP BY ROLLUP (customer_id)) s",
    "SELECT sum(total) AS a FROM orders",
    "SELECT sum(total) AS a FROM orders GROUP BY ROLLUP (customer_id)",
    "SELECT sum(total) FILTER (WHERE order_id > 3) AS a FROM orders GROUP BY customer_id",
    "SELECT max(region) AS a FROM orders GROUP BY customer_id",
    "SELECT sum(total) OVER (ROWS BETWEEN 1 PRECEDING AND 1 PRECEDING) AS a FROM orders",
    "SELECT lag(total) OVER (ORDER BY order_id) AS a FROM orders",
    # the rows of RETURNING
    "INSERT INTO late VALUES (9, 'v') RETURNING WITH (OLD AS b) b.id AS a",
    "INSERT INTO late VALUES (9, 'v') ON CONFLICT (id) DO UPDATE SET v = 'w' RETURNING old.id AS a",
    "DELETE FROM customer WHERE customer_id = 1 RETURNING WITH (NEW AS b) b.name AS a",
    "MERGE INTO customer c USING orders o ON o.customer_id = c.customer_id WHEN NOT MATCHED BY SOURCE THEN DELETE "
    "RETURNING o.total AS a",
    "MERGE INTO customer c USING orders o ON o.customer_id = c.customer_id WHEN MATCHED THEN DELETE RETURNING new.name AS a",
    "UPDATE orders SET region = NULL WHERE region IS NOT NULL RETURNING region AS a",
    # NOT NULL that does not bind
    "SELECT own AS a FROM parent",
    "SELECT v AS a FROM late",
    "SELECT code AS a FROM coded",
    "SELECT (SELECT code FROM coded WHERE false) AS a",
    # outer joins
    "SELECT c.name AS a FROM orders o LEFT JOIN customer c USING (customer_id)",
    "SELECT customer_id AS a FROM orders FULL JOIN (SELECT a AS customer_id FROM tick) t USING (customer_id)",
    "SELECT j.name AS a FROM (orders LEFT JOIN customer USING (customer_id)) AS j",
    "SELECT sku AS a FROM both_sides",
    "SELECT c AS a FROM orders o LEFT JOIN customer c USING (customer_id)",
    "SELECT l.n AS a FROM orders o LEFT JOIN LATERAL (SELECT 1 AS n FROM line WHERE line.order_id = o.order_id) l ON true",
    "SELECT x.a FROM ROWS FROM (generate_series(1, 2), generate_series(1, 3)) AS x(a, b)",
    "SELECT generate_series(1, 2) AS a, generate_series(1, 3) AS b",
    # set operations and recursion
    "SELECT 1 AS a UNION SELECT a FROM tick",
    "SELECT a FROM tick EXCEPT SELECT 1",
    "WITH RECURSIVE t(n, a) AS (SELECT 1, 1 UNION ALL SELECT n + 1, nullif(a, 1) FROM t WHERE n < 3) SELECT a FROM t",
    "WITH RECURSIVE t(n, a, b) AS (SELECT 1, 1, NULL::int UNION ALL SELECT n + 1, b, b FROM t WHERE n < 3) SELECT a FROM t",
    # parameters
    "-- params: {p: {optional: true}}\nSELECT :p::int AS a",
    "-- params: {p: {nullable: true}}\nSELECT :p::int AS a",
    "-- params: {p: {default: null, nullable: true}}\nSELECT :p::int AS a",
    "SELECT :p::jsonb AS a",
]
NEVER_NULL = [
    # NOT NULL, wherever it comes from
    "SELECT name AS a FROM customer",
    "SELECT parent.v AS a FROM parent",
    "SELECT own AS a FROM ONLY parent",
    "SELECT region AS a FROM slice",
    "SELECT b.name AS a FROM customer a LEFT JOIN customer c ON c.customer_id = a.customer_id + 1 JOIN customer b ON b.name = a.name",
    "SELECT a.name AS a FROM customer a LEFT JOIN customer b ON b.customer_id = a.customer_id + 1",
    "SELECT total AS a FROM both_sides",
    "SELECT total AS a FROM kept",
    "SELECT place AS a FROM kept",
    "SELECT order_id AS a FROM orders FULL JOIN line USING (order_id)",
    "SELECT relname AS a FROM pg_class",
    "SELECT ctid AS a FROM customer",
    "SELECT c AS a FROM customer c",
    # conditions that leave no NULL
    "SELECT region AS a FROM orders WHERE region IS NOT NULL",
    "SELECT region AS a FROM orders WHERE upper(region) = :region",
    "SELECT region AS a FROM orders WHERE region IN ('eu', 'us') AND order_id > 1",
    "SELECT c.name AS a FROM orders o LEFT JOIN customer c USING (customer_id) WHERE c.mood = 'ok'",
    # expressions
    "SELECT order_id + 1 AS a FROM orders",
    "SELECT total * 2 > 4 AND name LIKE 'a%' AS a FROM orders, customer",
    "SELECT upper(name) || '!' AS a FROM customer",
    "SELECT region IS NULL AS a FROM orders",
    "SELECT region IS DISTINCT FROM 'eu' AS a FROM orders",
    "SELECT coalesce(region, name) AS a FROM orders, customer",
    "SELECT greatest(a, 0) AS a FROM tick",
    "SELECT CASE WHEN region IS NULL THEN 0 ELSE order_id END AS a FROM orders",
    "SELECT order_id IN (1, 2) AS a FROM orders",
    "SELECT order_id IN (SELECT order_id FROM line) AS a FROM orders",
    "SELECT EXISTS (SELECT FROM line) AS a",
    "SELECT (SELECT count(*) FROM line l WHERE l.order_id = o.order_id) AS a FROM orders o",
    "SELECT date_trunc('day', now()) AS a",
    "SELECT name::varchar(3) AS a FROM customer",
    "SELECT json_build_object('a', region)::text AS a FROM orders",
    "SELECT concat(region, email) AS a FROM orders, customer",
    "SELECT ''::code AS a",
    "SELECT NULL::text::code AS a",
    "SELECT :p::int + 1 AS a",
    "-- params: {p: {default: 3}}\nSELECT :p::int AS a",
    # aggregates
    "SELECT count(region) AS a FROM orders",
    "SELECT sum(total) AS a FROM orders GROUP BY customer_id",
    "SELECT orders AS a FROM sums",
    "SELECT total AS a FROM sums",
    "SELECT array_agg(region) IS NULL AS a FROM orders",
    "SELECT row_number() OVER () AS a FROM orders",
    "SELECT sum(total) OVER (ORDER BY order_id) AS a FROM orders",
    "SELECT lag(total, 1, 0) OVER (ORDER BY order_id) AS a FROM orders",
    # queries within queries
    "WITH t AS (SELECT count(*) AS a FROM orders) SELECT a FROM t",
    "SELECT s.a FROM (SELECT 1 AS a UNION ALL SELECT order_id FROM line) s",
    "SELECT 1 AS a UNION SELECT order_id FROM orders",
    "SELECT order_id AS a FROM orders INTERSECT SELECT a FROM tick",
    "SELECT order_id AS a FROM orders EXCEPT SELECT a FROM tick",
    "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 3) SELECT n AS a FROM t",
    "SELECT v.a FROM (VALUES (1), (2)) v(a)",
    "SELECT s.a FROM generate_series(1, 3) s(a)",
    "WITH gone AS (DELETE FROM line WHERE line_no = 1 RETURNING sku) SELECT sku AS a FROM gone",
    # RETURNING
    "UPDATE customer SET mood = NULL WHERE customer_id = 1 RETURNING WITH (OLD AS b) b.name AS a",
    "UPDATE customer SET name = 'x' WHERE customer_id = 1 RETURNING new.name AS a",
    "INSERT INTO customer VALUES (8, 'x') RETURNING name AS a",
    "DELETE FROM customer WHERE customer_id = 1 RETURNING old.name AS a",
    "MERGE INTO customer c USING orders o ON o.customer_id = c.customer_id WHEN MATCHED THEN DELETE RETURNING o.total AS a",
]


@pytest.mark.parametrize("text", MAY_BE_NULL)
def test_what_may_be_null(operation_of: Make, text: str) -> None:
    assert nullable(operation_of(text))["a"]


@pytest.mark.parametrize("text", NEVER_NULL)
def test_what_is_never_null(operation_of: Make, text: str) -> None:
    assert not nullable(operation_of(text))["a"]
