"""Each column's nullability, as PostgreSQL's own analysis of the statement proves it."""

from collections.abc import Callable

import pytest

from handler.contract.operation import Operation, Result
from queryport.compile.analysis.analysis import analyse
from queryport.compile.describe.database import Database

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
    "SELECT extract(month FROM now()) AS a",
    "SELECT date_part(region, now()) AS a FROM orders WHERE region IS NOT NULL",
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
    "UPDATE tick SET b = NULL WHERE b = 1 RETURNING b AS a",
    "UPDATE tick SET b = 1, a = b WHERE true RETURNING a",
    "UPDATE tick t SET n = 1 FROM (SELECT v FROM tick) s WHERE true RETURNING s.v AS a",
    "UPDATE tick SET b = 1 WHERE v = 'x' RETURNING n AS a",
    "UPDATE tick SET b = 1 WHERE a = 1 RETURNING old.b AS a",
    "WITH u AS (UPDATE tick SET b = NULL WHERE b IS NOT NULL RETURNING b) "
    "UPDATE tick t SET n = u.b FROM u WHERE t.a = 2 RETURNING t.n AS a",
    "UPDATE touched SET v = 'x' WHERE id = 1 RETURNING v AS a",
    "UPDATE shown_touched SET v = 'x' WHERE id = 1 RETURNING v AS a",
    "UPDATE touched SET id = 2 WHERE w IS NOT NULL RETURNING w AS a",
    "INSERT INTO touched VALUES (1, 'x', 'y') RETURNING v AS a",
    "INSERT INTO parted VALUES (2, 'x', 'y') RETURNING v AS a",
    "UPDATE parted SET k = 2 WHERE w = 'b' RETURNING w AS a",
    "UPDATE stored SET id = 2 WHERE odd IS NOT NULL RETURNING odd AS a",
    "UPDATE stored SET v = 'x' WHERE n IS NOT NULL RETURNING n AS a",
    "INSERT INTO tick (a, v) VALUES (77, 'x') RETURNING b AS a",
    "INSERT INTO tick (a, b) VALUES (77, NULL), (78, 1) RETURNING b AS a",
    "INSERT INTO tick (a, b) VALUES (1, 5) ON CONFLICT (a) DO UPDATE SET v = 'z' RETURNING b AS a",
    "INSERT INTO tick (a, b) VALUES (1, 5) ON CONFLICT (a) DO UPDATE SET b = tick.n RETURNING b AS a",
    "MERGE INTO customer c USING orders o ON o.customer_id = c.customer_id WHEN NOT MATCHED THEN "
    "INSERT VALUES (o.customer_id, 'x') WHEN MATCHED THEN UPDATE SET name = 'y' RETURNING old.name AS a",
    # NOT NULL that does not bind
    "SELECT own AS a FROM parent",
    "SELECT v AS a FROM late",
    "SELECT v AS a FROM grown_before",
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
    "SELECT l.n AS a FROM orders o LEFT JOIN (SELECT count(*) AS n FROM line) l ON o.order_id = 1",
    "SELECT l.n AS a FROM orders o LEFT JOIN (SELECT count(*) AS n FROM line HAVING count(*) > 100) l ON true",
    "SELECT l.n AS a FROM orders o LEFT JOIN (SELECT count(*) AS n FROM line LIMIT 0) l ON true",
    "SELECT l.n AS a FROM (SELECT count(*) AS n FROM line) l LEFT JOIN orders o ON false RIGHT JOIN tick t ON t.a = l.n",
    "SELECT coalesce(o.order_id, t.a) AS a FROM orders o FULL JOIN tick t ON t.a = o.order_id + 100",
    "SELECT coalesce(o.order_id, c.customer_id) AS a FROM orders o FULL JOIN customer c ON c.customer_id = o.order_id + 100 "
    "RIGHT JOIN tick t ON t.a = o.order_id",
    "SELECT coalesce(o.order_id, o.customer_id) AS a FROM orders o FULL JOIN customer c ON c.customer_id = o.order_id + 100",
    "SELECT coalesce(o.order_id, c.customer_id) AS a FROM orders o FULL JOIN (tick t LEFT JOIN customer c ON c.customer_id = t.a) "
    "ON t.n = o.order_id + 100",
    "SELECT t.a FROM (tick t JOIN customer c ON c.customer_id = t.a) RIGHT JOIN orders o ON o.order_id = t.a",
    "SELECT t.a FROM orders o LEFT JOIN (tick t JOIN customer c ON c.customer_id = t.a) ON o.order_id = t.a",
    "SELECT t.a FROM orders o FULL JOIN (tick t JOIN customer c ON c.customer_id = t.a) ON o.order_id = t.a",
    "SELECT t.a FROM (tick t JOIN customer c ON c.customer_id = t.a) FULL JOIN orders o ON o.order_id = t.a",
    # conditions that leave NULL
    "SELECT region AS a FROM orders WHERE (region = 'eu' AND order_id = 1) IS FALSE",
    "SELECT region AS a FROM orders WHERE NOT ((region = 'eu' AND order_id = 1) IS NOT FALSE)",
    "SELECT region AS a FROM orders WHERE NOT ((region = 'eu' OR order_id = 2) IS NOT TRUE)",
    "SELECT region AS a FROM orders WHERE region = 'eu' OR order_id = 2",
    "SELECT region AS a FROM orders WHERE NOT (region = 'eu' AND order_id = 1)",
    "SELECT region AS a FROM orders WHERE region IS NOT NULL IS NOT TRUE",
    "SELECT region AS a FROM orders WHERE (region = 'eu') IS NOT TRUE",
    "SELECT region AS a FROM orders WHERE region IS NOT DISTINCT FROM NULL",
    "SELECT region AS a FROM orders WHERE region IS NOT DISTINCT FROM NULL::text",
    "SELECT region AS a FROM orders WHERE app.holds(region) AND concat(region, 'x') <> ''",
    "SELECT region AS a FROM orders WHERE region OPERATOR(app.===) ANY (ARRAY['x'])",
    "SELECT region AS a FROM orders WHERE region OPERATOR(app.===) 'x'",
    "SELECT (SELECT 1 WHERE order_id = 1) AS a FROM orders",
    "SELECT max(app.maybe()) AS a FROM orders GROUP BY order_id HAVING max(app.maybe()) > 0",
    "SELECT region AS a FROM orders WHERE region <> ALL (string_to_array('', ','))",
    "SELECT a FROM tick WHERE a NOT IN (SELECT 1 WHERE false)",
    "SELECT a FROM tick WHERE NOT EXISTS (SELECT FROM line WHERE line_no = tick.a)",
    "SELECT a FROM tick WHERE EXISTS (SELECT count(*) FROM line WHERE line_no = tick.a)",
    "SELECT a FROM tick WHERE EXISTS (SELECT FROM line WHERE line_no = tick.a) OR b IS NULL",
    "SELECT a FROM tick WHERE EXISTS (SELECT FROM orders LEFT JOIN line ON line_no = tick.a)",
    "SELECT a FROM tick WHERE (SELECT a > 0) IS NOT FALSE",
    "SELECT l.a FROM tick CROSS JOIN LATERAL (SELECT tick.a FROM line WHERE tick.a > 0 GROUP BY ROLLUP (line_no)) l",
    "SELECT l.a FROM tick CROSS JOIN LATERAL (SELECT tick.a, count(*) FROM line WHERE tick.a > 0) l",
    "SELECT max(region) AS a FROM orders GROUP BY customer_id HAVING max(region) IS NULL OR count(*) > 1",
    "SELECT max(region) AS a FROM orders GROUP BY customer_id HAVING max(region || '') <> 'x' OR true",
    "SELECT min(region) AS a FROM orders GROUP BY customer_id HAVING max(region || doc::text) <> 'x' OR max(region) IS NULL",
    "SELECT max(nullif(random() < 0.5, false)::int) AS a FROM orders GROUP BY customer_id "
    "HAVING max(nullif(random() < 0.5, false)::int) > 0",
    "SELECT region AS a FROM orders GROUP BY ROLLUP (region) HAVING count(*) > 0",
    "SELECT customer_id AS a FROM orders GROUP BY ROLLUP (region, customer_id) HAVING region IS NOT NULL",
    # branches
    "SELECT CASE WHEN region IS NOT NULL THEN 'x' ELSE region END AS a FROM orders",
    "SELECT CASE WHEN region IS NULL THEN region ELSE 'x' END AS a FROM orders",
    "SELECT CASE WHEN region = 'eu' THEN 'x' ELSE region END AS a FROM orders",
    "SELECT CASE WHEN region IS NULL AND order_id > 3 THEN 'x' ELSE region END AS a FROM orders",
    "SELECT CASE WHEN NOT region = 'x' THEN 'x' ELSE region END AS a FROM orders",
    "SELECT CASE WHEN a IS NOT NULL THEN (SELECT v FROM (SELECT b AS v) s) ELSE 0 END AS a FROM tick",
    "SELECT s.a FROM (SELECT CASE WHEN t.a IS NOT NULL THEN f.a ELSE 0 END AS x, f.a FROM tick t, LATERAL (SELECT t.a) f) s",
    # arrays
    "SELECT unnest(ARRAY[1, NULL]) AS a",
    "SELECT u.a FROM unnest(ARRAY[1, 2], ARRAY[1]) u(b, a)",
    "SELECT unnest(ARRAY(SELECT a FROM tick)) AS a",
    "SELECT unnest(string_to_array('x,y', ',', 'x')) AS a",
    "SELECT unnest(array_append(ARRAY[1], NULL)) AS a",
    "SELECT 1 = ANY('{2,NULL}') AS a",
    "SELECT 1 = ANY(ARRAY(SELECT 2 UNION ALL SELECT a FROM tick)) AS a",
    "SELECT (ARRAY[1, 2])[1: b] AS a FROM tick",
    "SELECT (ARRAY[1, 2])[b:] AS a FROM tick",
    "SELECT value AS a FROM json_each_text('{\"x\": null}')",
    # JSON
    "SELECT json_arrayagg(order_id) AS a FROM orders WHERE false",
    "SELECT json_scalar(region) AS a FROM orders",
    # windows
    "SELECT sum(order_id) OVER (ORDER BY order_id ROWS BETWEEN 2 PRECEDING AND 1 PRECEDING) AS a FROM orders",
    "SELECT max(order_id) OVER (ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING) AS a FROM orders",
    "SELECT sum(order_id) OVER (ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING EXCLUDE CURRENT ROW) AS a FROM orders WHERE order_id = 1",
    "SELECT sum(order_id) OVER (ORDER BY order_id GROUPS CURRENT ROW EXCLUDE GROUP) AS a FROM orders",
    "SELECT sum(order_id) OVER (ORDER BY order_id RANGE BETWEEN 1 PRECEDING AND CURRENT ROW) AS a FROM orders",
    "SELECT array_agg(order_id) FILTER (WHERE false) OVER () AS a FROM orders",
    "SELECT array_agg(order_id) FILTER (WHERE order_id > 3) AS a FROM orders GROUP BY customer_id",
    "SELECT mode() WITHIN GROUP (ORDER BY region) AS a FROM orders GROUP BY customer_id",
    "SELECT percentile_disc(NULL) WITHIN GROUP (ORDER BY order_id) AS a FROM orders GROUP BY customer_id",
    # set operations and recursion
    "WITH RECURSIVE t AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM t WHERE n < 3) CYCLE n SET again TO 'x' DEFAULT NULL USING path "
    "SELECT again AS a FROM t",
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
    "SELECT v AS a FROM grown_after",
    "SELECT order_id AS a FROM orders FULL JOIN line USING (order_id)",
    "SELECT relname AS a FROM pg_class",
    "SELECT ctid AS a FROM customer",
    "SELECT c AS a FROM customer c",
    # conditions that leave no NULL
    "SELECT region AS a FROM orders WHERE region IS NOT NULL",
    "SELECT region AS a FROM orders WHERE upper(region) = :region",
    "SELECT region AS a FROM orders WHERE region IN ('eu', 'us') AND order_id > 1",
    "SELECT c.name AS a FROM orders o LEFT JOIN customer c USING (customer_id) WHERE c.mood = 'ok'",
    "SELECT region AS a FROM orders WHERE region = 'eu' OR region = 'us' AND flag",
    "SELECT region AS a FROM orders WHERE NOT (region = 'eu' OR flag)",
    "SELECT region AS a FROM orders WHERE region NOT IN ('eu', 'us')",
    "SELECT region AS a FROM orders WHERE (region = 'eu') IS NOT UNKNOWN",
    "SELECT region AS a FROM orders WHERE (region = 'eu') IS FALSE",
    "SELECT region AS a FROM orders WHERE NOT ((region = 'eu' OR order_id = 1) IS NOT FALSE)",
    "SELECT region AS a FROM orders WHERE NOT ((region = 'eu' AND order_id = 1) IS NOT TRUE)",
    "SELECT region AS a FROM orders WHERE region IS NOT DISTINCT FROM 'eu'",
    "SELECT a FROM tick WHERE a IN (SELECT order_id FROM line)",
    "SELECT a FROM tick WHERE (a, v) IN (SELECT order_id, sku FROM line)",
    "SELECT a FROM tick WHERE EXISTS (SELECT FROM line WHERE line_no = tick.a)",
    "SELECT t.a FROM orders o LEFT JOIN tick t ON t.a = o.order_id WHERE EXISTS (SELECT FROM line WHERE line_no = t.b AND t.a > 0)",
    "SELECT l.a FROM tick CROSS JOIN LATERAL (SELECT tick.a FROM line WHERE tick.a > 0) l",
    "SELECT region AS a FROM orders GROUP BY region HAVING region > ''",
    "SELECT region AS a FROM orders GROUP BY ROLLUP (region) HAVING region IS NOT NULL",
    "SELECT max(region) AS a FROM orders GROUP BY customer_id HAVING max(region) > 'a'",
    "SELECT sum(total) AS a FROM orders HAVING sum(total) IS NOT NULL AND count(*) > 1",
    "SELECT l.n AS a FROM orders o LEFT JOIN LATERAL (SELECT count(*) AS n FROM line WHERE line.order_id = o.order_id) l ON true",
    "SELECT l.n AS a FROM (SELECT max(order_id) IS NULL AS n FROM line) l RIGHT JOIN orders o ON true",
    "SELECT coalesce(o.order_id, c.customer_id) AS a FROM orders o FULL JOIN customer c ON c.customer_id = o.order_id + 100",
    # branches
    "SELECT CASE WHEN region IS NOT NULL THEN region ELSE 'x' END AS a FROM orders",
    "SELECT CASE WHEN region IS NULL OR flag IS NULL THEN 'x' ELSE region || flag END AS a FROM orders",
    "SELECT CASE WHEN region > 'a' AND flag THEN upper(region) WHEN doc IS NULL THEN '' ELSE doc::text END AS a FROM orders",
    # arrays and JSON
    "SELECT unnest(ARRAY[order_id, 2]) AS a FROM orders",
    "SELECT u.a FROM unnest(string_to_array('a,b', ',')) WITH ORDINALITY u(a, n)",
    "SELECT unnest(ARRAY(SELECT name FROM customer)) AS a",
    "SELECT unnest(enum_range(NULL::mood)) AS a",
    "SELECT order_id = ANY('{1,2}') AND order_id <> ALL ('{7,8}'::int[]) AS a FROM orders",
    "SELECT (ARRAY[order_id, 2])[2:] AS a FROM orders",
    "SELECT key AS a FROM jsonb_each_text('{}')",
    "SELECT json_arrayagg(order_id RETURNING text) AS a FROM orders GROUP BY customer_id",
    "SELECT json_scalar(order_id)::text AS a FROM orders",
    "SELECT extract(epoch FROM now()) + extract(YEAR FROM date '2020-01-01') AS a",
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
    "SELECT array_agg(region)::text || json_agg(doc) AS a FROM orders GROUP BY customer_id",
    "SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY order_id) AS a FROM orders GROUP BY customer_id",
    "SELECT sum(total) OVER (ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING EXCLUDE TIES) AS a FROM orders",
    "SELECT first_value(total) OVER (ORDER BY order_id ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS a FROM orders",
    "SELECT max(total) OVER (ORDER BY order_id GROUPS CURRENT ROW) AS a FROM orders",
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
    "WITH RECURSIVE t AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM t WHERE n < 3) SEARCH BREADTH FIRST BY n SET place "
    "CYCLE n SET again USING path SELECT place::text || again || path::text AS a FROM t",
    # RETURNING
    "UPDATE tick SET b = 1, n = a WHERE a = 1 RETURNING n AS a",
    "UPDATE tick SET b = coalesce(b, 0) WHERE true RETURNING new.b AS a",
    "UPDATE tick SET b = NULL WHERE b > 0 RETURNING old.b AS a",
    "UPDATE tick SET b = 2 WHERE v = 'x' RETURNING v AS a",
    "UPDATE parted_one SET v = 'x' WHERE true RETURNING v AS a",
    "DELETE FROM tick WHERE b > 0 RETURNING b AS a",
    "DELETE FROM touched WHERE v = 'x' RETURNING v AS a",
    "INSERT INTO tick (a, b) VALUES (77, :b) RETURNING b AS a",
    "INSERT INTO tick (a, v) SELECT order_id + 100, region FROM orders WHERE region > '' RETURNING v AS a",
    "INSERT INTO tick (a, b) VALUES (1, 5) ON CONFLICT (a) DO UPDATE SET b = excluded.a + 1, v = 'x' RETURNING xmax = 0 AS a",
    "INSERT INTO tick (a, b) VALUES (1, 5) ON CONFLICT (a) DO UPDATE SET b = 6 RETURNING b AS a",
    "INSERT INTO tick (a, b) VALUES (1, 5) ON CONFLICT (a) DO NOTHING RETURNING b AS a",
    "MERGE INTO customer c USING orders o ON o.customer_id = c.customer_id WHEN NOT MATCHED THEN "
    "INSERT VALUES (o.customer_id, 'x') WHEN MATCHED THEN UPDATE SET name = 'y' RETURNING new.name AS a",
    "UPDATE customer SET mood = NULL WHERE customer_id = 1 RETURNING WITH (OLD AS b) b.name AS a",
    "UPDATE customer SET name = 'x' WHERE customer_id = 1 RETURNING new.name AS a",
    "INSERT INTO customer VALUES (8, 'x') RETURNING name AS a",
    "DELETE FROM customer WHERE customer_id = 1 RETURNING old.name AS a",
    "MERGE INTO customer c USING orders o ON o.customer_id = c.customer_id WHEN MATCHED THEN DELETE RETURNING o.total AS a",
]


def test_a_cast_of_a_user_may_answer_null(database: Database) -> None:
    with database.rehearsal():
        database.define("CREATE FUNCTION app.none(json) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT NULL::text'", [])
        database.define("CREATE CAST (json AS text) WITH FUNCTION app.none(json) AS IMPLICIT", [])
        for call in ("json_object('a': 1 RETURNING text)", "json_array(1 RETURNING text)", "json_scalar(1)::text"):
            tree = database.analyse(f"SELECT {call} AS a", ())
            assert analyse(database.facts, tree, 1, frozenset()).nullable == (True,), call


def test_another_server_only_promises_that_there_is_no_null(database: Database) -> None:
    with database.rehearsal():
        database.define("CREATE FOREIGN DATA WRAPPER none", [])
        database.define("CREATE SERVER elsewhere FOREIGN DATA WRAPPER none", [])
        database.define("CREATE FOREIGN TABLE far (id int NOT NULL) SERVER elsewhere", [])
        analysis = analyse(database.facts, database.analyse("SELECT id FROM far", ()), 1, frozenset())
        assert analysis.nullable == (True,)
        assert analysis.writers == {"far"}


def test_a_cast_of_a_user_within_a_union_may_answer_null(database: Database) -> None:
    with database.rehearsal():
        database.define("CREATE TYPE app.humour AS ENUM ('x')", [])
        database.define(
            "CREATE FUNCTION app.none(mood) RETURNS app.humour LANGUAGE sql IMMUTABLE AS 'SELECT NULL::app.humour'", []
        )
        database.define("CREATE CAST (mood AS app.humour) WITH FUNCTION app.none(mood) AS IMPLICIT", [])
        for text in (
            "SELECT 'ok'::mood AS a UNION SELECT 'x'::app.humour",
            "SELECT 'x'::app.humour UNION (SELECT 'ok'::mood)",
        ):
            assert analyse(database.facts, database.analyse(text, ()), 1, frozenset()).nullable == (True,), text


@pytest.mark.parametrize("text", MAY_BE_NULL)
def test_what_may_be_null(operation_of: Make, text: str) -> None:
    assert nullable(operation_of(text))["a"]


@pytest.mark.parametrize("text", NEVER_NULL)
def test_what_is_never_null(operation_of: Make, text: str) -> None:
    assert not nullable(operation_of(text))["a"]
