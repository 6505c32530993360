"""A comment means to the compiler what it means to PostgreSQL: exhaustively, between two pieces of a statement."""

from itertools import product

import psycopg
import pytest

from tests.queryport.compile.conftest import Compile

_GAPS = ("", " ", "\n", "/* a */", "-- a\n", "/*\n*/")
_PIECES = [("'a'", "'b'"), ("E'a'", "'b'"), ("B'1'", "'0'"), ("$$a$$", "$$b$$"), ("1", "2"), ("'a'::", "text")]


@pytest.mark.parametrize(
    "gaps", [pytest.param(2, marks=pytest.mark.slow, id="two"), pytest.param(3, marks=pytest.mark.long, id="three")]
)
@pytest.mark.parametrize(("left", "right"), _PIECES)
def test_what_stands_between_two_pieces_is_refused_where_postgresql_refuses_it(
    compile_text: Compile, schema_url: str, left: str, right: str, gaps: int
) -> None:
    with psycopg.connect(schema_url, autocommit=True) as connection:
        for gap in map("".join, product(_GAPS, repeat=gaps)):
            statement = f"VALUES ({left}{gap}{right})"
            try:
                connection.execute(statement.encode())
                refused = False
            except psycopg.errors.SyntaxError:
                refused = True
            operation, problems = compile_text(f"SELECT * FROM ({statement}) AS x(v)")  # noqa: S608 (a test's own)
            assert (operation is None) == refused, (gap, problems)
