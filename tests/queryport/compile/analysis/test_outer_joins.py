"""What tells the rows of outer joins apart, and what only seems to: each claim, and whether these rows bear it out."""

import psycopg
import pytest

from queryport.compile.analysis.analysis import analyse
from queryport.compile.describe.database import Database

# Which row the other side has depends on rows that do not tie.
NOT_UNIQUE = [
    # Whether there is a row at all depends on the side that stays; an expression makes a value of either.
    "SELECT o.region AS c1 FROM orders o LEFT JOIN (SELECT 2 AS one) s ON o.total = 10 WHERE o.order_id = coalesce(s.one, 5)",
    "SELECT o.flag AS c1 FROM orders o LEFT JOIN (VALUES (2)) s(one) ON o.total > 7 "
    "WHERE o.order_id = CASE WHEN s.one IS NULL THEN 5 ELSE s.one END",
    "SELECT o.flag AS c1 FROM (SELECT count(*)::int AS n FROM late) s RIGHT JOIN orders o ON o.customer_id = 1 "
    "WHERE o.order_id = coalesce(s.n, 5)",
    # A key that may be NULL says nothing of which side of a full join has a row.
    "SELECT x.d AS c1, y.d AS c2 FROM pair x FULL JOIN pair y ON x.a = y.a + 100",
    "SELECT x.d AS c1 FROM pair x FULL JOIN (SELECT 7 AS a) y ON x.a = y.a WHERE x.d IS NULL",
    "SELECT x.d AS c1, y.a AS c2 FROM pair x FULL JOIN tick y ON x.a = y.a + 100",
]
UNIQUE = [
    "SELECT o.order_id AS c1 FROM orders o LEFT JOIN (SELECT 1 AS one) s ON o.total = 10",
    "SELECT x.a AS c1, y.a AS c2 FROM pair x FULL JOIN pair y ON x.a = y.a + 100",
    "SELECT o.order_id AS c1, l.line_no AS c2, l.order_id AS c3 FROM orders o LEFT JOIN line l USING (order_id)",
]


def _claim(database: Database, text: str) -> bool:
    columns = len(database.prepare(text).columns)
    analysis = analyse(database.facts, database.analyse(text, ()), columns, frozenset())
    return analysis.tells_rows_apart(set(range(1, columns + 1)))


def _ties(url: str, text: str) -> bool:
    with psycopg.connect(url) as connection:
        found = connection.execute(f"SELECT FROM ({text}) q GROUP BY q HAVING count(*) > 1".encode())
        return found.rowcount > 0


@pytest.mark.parametrize("text", NOT_UNIQUE)
def test_rows_that_tie_are_not_called_unique(database: Database, database_url: str, text: str) -> None:
    assert _ties(database_url, text)
    assert not _claim(database, text)


@pytest.mark.parametrize("text", UNIQUE)
def test_rows_that_cannot_tie_are_called_unique(database: Database, database_url: str, text: str) -> None:
    assert _claim(database, text)
    assert not _ties(database_url, text)
