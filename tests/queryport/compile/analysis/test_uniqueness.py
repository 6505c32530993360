"""Page keys: unique where the whole query shows it, and a warning with the cure that fits where it does not."""

from collections.abc import Callable

import pytest

from handler.contract.operation import Operation
from queryport.diagnostics.source import Problem

Compile = Callable[[str], tuple[Operation | None, list[Problem]]]

UNIQUE = [
    ("order_id", "SELECT order_id FROM orders"),
    ("total, order_id", "SELECT order_id, total FROM orders"),
    # every item of FROM by a key of its own
    ("order_id", "SELECT o.order_id, c.name FROM orders o JOIN customer c ON c.customer_id = o.customer_id"),
    ("order_id", "SELECT o.order_id, c.name FROM orders o JOIN customer c USING (customer_id)"),
    ("order_id", "SELECT o.order_id, c.name FROM orders o, customer c WHERE c.customer_id = o.customer_id"),
    ("order_id", "SELECT o.order_id, c.name FROM orders o LEFT JOIN customer c USING (customer_id)"),
    ("order_id", "SELECT o.order_id, c.name FROM customer c RIGHT JOIN orders o USING (customer_id)"),
    (
        "order_id",
        "SELECT o.order_id, l.sku FROM orders o LEFT JOIN line l ON l.order_id = o.order_id AND l.line_no = 1",
    ),
    ("order_id, line_no", "SELECT o.order_id, l.line_no FROM orders o JOIN line l ON l.order_id = o.order_id"),
    ("order_id, line_no", "SELECT l.order_id, l.line_no FROM orders o JOIN line l ON l.order_id = o.order_id"),
    ("order_id, line_no", "SELECT o.order_id, l.line_no FROM orders o LEFT JOIN line l ON l.order_id = o.order_id"),
    ("a, b", "SELECT c.customer_id AS a, o.order_id AS b FROM customer c FULL JOIN orders o USING (customer_id)"),
    ("order_id", "SELECT o.order_id FROM customer c LEFT JOIN orders o USING (customer_id) WHERE o.total > 0"),
    ("a", "SELECT a.customer_id AS a FROM customer a JOIN customer b ON b.customer_id = a.customer_id"),
    (
        "order_id",
        "SELECT o.order_id, c.name FROM orders o LEFT JOIN customer c ON c.customer_id = o.customer_id "
        "AND EXISTS (SELECT FROM line x, line y WHERE x.sku = y.sku AND x.order_id = o.order_id)",
    ),
    # held to one value
    ("line_no", "SELECT line_no FROM line WHERE order_id = :id"),
    ("line_no", "SELECT line_no FROM line WHERE order_id = 3"),
    ("line_no", "SELECT l.line_no FROM line l JOIN orders o USING (order_id) WHERE o.order_id = :id"),
    ("k", "SELECT k FROM slice WHERE region = 'a'"),
    ("email", "SELECT email FROM customer WHERE email = :email"),
    # indexes
    ("a", "SELECT a FROM pair"),
    ("d", "SELECT d FROM pair"),
    ("region, k", "SELECT region, k FROM slice"),
    ("id", "SELECT id FROM ONLY parent"),
    ("order_id", "SELECT order_id FROM kept"),
    ("a", "SELECT a FROM tick WHERE a IS NOT NULL AND a = a"),
    # grouping and DISTINCT
    ("customer_id", "SELECT customer_id, count(*) AS n FROM orders GROUP BY customer_id"),
    ("region", "SELECT region, count(*) AS n FROM orders GROUP BY region"),
    ("region, total", "SELECT region, total FROM orders GROUP BY region, total"),
    (
        "order_id",
        "SELECT o.order_id, c.name, count(*) AS n FROM orders o JOIN customer c USING (customer_id) "
        "GROUP BY o.order_id, c.name",
    ),
    ("place", "SELECT coalesce(region, '-') AS place, count(*) AS n FROM orders GROUP BY coalesce(region, '-')"),
    ("region", "SELECT DISTINCT region FROM orders"),
    ("region, total", "SELECT DISTINCT region, total FROM orders"),
    ("region", "SELECT DISTINCT ON (region) region, total FROM orders ORDER BY region, total"),
    ("order_id", "SELECT DISTINCT order_id, region FROM orders"),
    ("region, total", "SELECT DISTINCT ON (region) region, total FROM orders ORDER BY region, order_id"),
    ("n", "SELECT count(*) AS n FROM orders"),
    # queries within queries
    ("order_id", "SELECT s.order_id FROM (SELECT order_id FROM orders) s"),
    ("order_id", "WITH o AS (SELECT order_id FROM orders) SELECT order_id FROM o"),
    ("customer_id", "SELECT customer_id FROM sums"),
    ("order_id, line_no", "SELECT order_id, line_no FROM both_sides"),
    ("region", "SELECT region FROM orders UNION SELECT sku FROM line"),
    ("order_id", "SELECT order_id, total FROM orders EXCEPT SELECT a, 1 FROM tick"),
    (
        "order_id",
        "SELECT o.order_id, l.n FROM orders o CROSS JOIN LATERAL "
        "(SELECT count(*) AS n FROM line WHERE line.order_id = o.order_id) l",
    ),
    ("order_id", "SELECT o.order_id, s.orders FROM orders o JOIN sums s USING (customer_id)"),
    ("x", "SELECT x FROM generate_series(1, 3) x"),
    ("order_id, n", "SELECT o.order_id, u.n FROM orders o CROSS JOIN unnest(ARRAY[1, 1]) WITH ORDINALITY u(v, n)"),
    ("order_id", "SELECT o.order_id, v.x FROM orders o CROSS JOIN (VALUES (1)) v(x)"),
    ("name", "SELECT name::varchar AS name FROM (SELECT DISTINCT name FROM customer) s"),
]
NOT_UNIQUE = [
    ("total", "SELECT total, order_id FROM orders", "end `by` with `order_id`"),
    (
        "order_id",
        "SELECT o.order_id, l.line_no FROM orders o JOIN line l ON l.order_id = o.order_id",
        "end `by` with `line_no`",
    ),
    (
        "total",
        "SELECT o.total, o.order_id, l.line_no FROM orders o JOIN line l USING (order_id)",
        "`order_id` and `line_no`",
    ),
    ("order_id", "SELECT o.order_id, l.sku FROM orders o JOIN line l ON l.order_id = o.order_id", "unique: true"),
    ("email", "SELECT email FROM customer", "unique: true"),
    ("a", "SELECT a FROM tick", "unique: true"),
    (
        "order_id",
        "SELECT l.order_id FROM customer c LEFT JOIN line l ON l.order_id = c.customer_id AND l.line_no = 1",
        "",
    ),
    ("order_id", "SELECT o.order_id FROM customer c LEFT JOIN orders o USING (customer_id)", ""),
    ("order_id", "SELECT order_id FROM orders FULL JOIN line USING (order_id)", ""),
    ("line_no", "SELECT l.line_no FROM line l JOIN orders o ON true WHERE o.order_id = 1", ""),
    ("line_no", "SELECT line_no FROM line WHERE order_id::text = '3'", ""),
    ("line_no", "SELECT l.line_no FROM orders o LEFT JOIN line l ON l.order_id = 3 AND o.order_id = 1", ""),
    (
        "customer_id",
        "SELECT c.customer_id FROM tick t JOIN customer c ON c.customer_id = t.b AND t.v = 'x' LEFT JOIN line l "
        "ON l.sku = t.v AND EXISTS (SELECT FROM tick a, tick b WHERE a.a = b.b)",
        "",
    ),
    ("t", "SELECT (order_id / 2) AS t FROM orders", ""),
    ("t", "SELECT order_id::numeric(3, 0) AS t FROM orders", ""),
    ("order_id", "SELECT order_id, generate_series(1, 2) AS n FROM orders", ""),
    ("order_id", "SELECT o.order_id, n FROM orders o, generate_series(1, 2) n", ""),
    ("o", "SELECT u.o, c.name FROM customer c, LATERAL unnest(ARRAY[c.name]) WITH ORDINALITY u(v, o)", ""),
    ("id", "SELECT id FROM parent", ""),
    ("b", "SELECT b FROM pair", ""),
    ("c", "SELECT c FROM pair", ""),
    ("region", "SELECT region, total FROM orders GROUP BY region, total", "end `by` with `total`"),
    ("region", "SELECT region, count(*) AS n FROM orders GROUP BY ROLLUP (region)", ""),
    ("region", "SELECT DISTINCT region, total FROM orders", "end `by` with `total`"),
    ("region", "SELECT DISTINCT ON (region, total) region, total FROM orders", ""),
    ("region, total", "SELECT DISTINCT ON (region) region, total FROM orders ORDER BY region", "end `by` with"),
    ("order_id", "SELECT order_id FROM orders UNION ALL SELECT order_id FROM orders", ""),
    ("region", "SELECT region, total FROM orders UNION SELECT sku, 1 FROM line", ""),
    ("name", "SELECT a.name FROM customer a LEFT JOIN customer b ON b.customer_id = a.customer_id", ""),
    ("n", "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 3) SELECT n FROM t", ""),
    ("n", "SELECT max(order_id) AS n FROM orders GROUP BY region", ""),
    ("x", "SELECT x FROM (VALUES (1), (1)) v(x)", ""),
    ("k", "SELECT k FROM slice", "unique: true"),
    (
        "n",
        "SELECT s.n FROM customer c CROSS JOIN LATERAL "
        "(SELECT count(*) AS n, max(o.order_id) * 0 + c.customer_id AS x FROM orders o) s WHERE c.customer_id = s.x",
        "",
    ),
    (
        "o",
        "SELECT u.o FROM customer c, LATERAL unnest(ARRAY[c.customer_id]) WITH ORDINALITY u(v, o) WHERE c.customer_id = u.v",
        "",
    ),
    ("a", "SELECT order_id AS a FROM orders EXCEPT ALL SELECT 1::real", ""),
    (
        "n",
        "WITH RECURSIVE t(n) AS (SELECT 1 UNION SELECT n % 2 + 1 FROM t) CYCLE n SET again USING path SELECT n FROM t",
        "",
    ),
    ("n", "SELECT name::bpchar AS n FROM (SELECT DISTINCT name FROM customer) s", ""),
    ("region", "SELECT region, order_id FROM orders WHERE order_id = (random() * 5)::int", ""),
]


def page(by: str, text: str, extra: str = "") -> str:
    return f"-- page: {{by: [{by}]{extra}}}\n{text}"


@pytest.mark.parametrize(("by", "text"), UNIQUE)
def test_keys_that_tell_the_rows_apart(compile_text: Compile, by: str, text: str) -> None:
    operation, problems = compile_text(page(by, text))
    assert not problems, problems
    assert operation is not None


@pytest.mark.parametrize(("by", "text", "cure"), NOT_UNIQUE)
def test_keys_that_may_tie(compile_text: Compile, by: str, text: str, cure: str) -> None:
    operation, problems = compile_text(page(by, text))
    assert [problem.code for problem in problems] == ["QP407"]
    assert cure in problems[0].cure
    assert operation is not None


def test_an_author_can_answer_for_keys(compile_text: Compile) -> None:
    assert not compile_text(page("email", "SELECT email FROM customer", ", unique: true"))[1]


def test_a_file_can_silence_a_warning_and_no_error(compile_text: Compile) -> None:
    silenced = "-- silence: [QP407, QP304]\n" + page("email", "SELECT * FROM customer")
    assert not compile_text(silenced)[1]
    operation, problems = compile_text("-- silence: [QP202, QP4077]\nSELECT nothing FROM customer")
    assert operation is None
    assert [problem.code for problem in problems] == ["QP005", "QP005", "QP202"]
    assert "is an error" in problems[0].message
    assert "did you mean `QP407`?" in problems[1].cure
