"""CSV out of JSON rows: read back by Python's csv, for rows of every kind."""

import csv as reader
import io
import json
from typing import Any

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from handler.http.csv_rows import csv

_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")) | st.sampled_from(
    ["", ",", '"', '":', ":", ':"', "null", "a,null,b", "{}", "[", "\\", "\r\n", "=1+1", "-1", "@x", ",n", "},{"]
)
_SINGLE = st.none() | st.booleans() | st.integers() | st.decimals(allow_nan=False, allow_infinity=False) | _TEXT
_NESTED = st.recursive(
    st.none() | st.booleans() | st.integers() | _TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3),
    max_leaves=8,
)


def _written(value: Any) -> str:
    """The JSON of a value as PostgreSQL writes it, numbers with all their digits."""
    return (
        str(value) if not isinstance(value, str | bool | list | dict | None) else json.dumps(value, ensure_ascii=False)
    )


def _row(names: list[str], values: list[Any]) -> str:
    members = [f"{_written(name)}:{_written(value)}" for name, value in zip(names, values, strict=True)]
    return "{" + ",".join(members) + "}"


def _expected(value: Any) -> str:
    return "" if value is None else value if isinstance(value, str) else _written(value)


@st.composite
def _tables(draw: st.DrawFn, values: st.SearchStrategy[Any]) -> tuple[list[str], list[list[Any]]]:
    names = draw(st.lists(_TEXT, min_size=1, max_size=4, unique=True))
    return names, draw(st.lists(st.lists(values, min_size=len(names), max_size=len(names)), max_size=5))


def _read(text: str) -> list[list[str]]:
    return list(reader.reader(io.StringIO(text, newline=""), strict=True))


@pytest.mark.slow
@given(_tables(_SINGLE))
def test_rows_of_single_values_come_back(table: tuple[list[str], list[list[Any]]]) -> None:
    names, rows = table
    texts = [_row(names, values) for values in rows]
    written = csv(names, texts, flat=True, escape_formulas=False)
    assert _read(written) == [names, *([_expected(value) for value in values] for values in rows)]
    assert written.endswith("\r\n")
    assert csv(names, texts, flat=False, escape_formulas=False) == written
    assert csv(names, texts, flat=True, escape_formulas=True) == csv(names, texts, flat=False, escape_formulas=True)


@pytest.mark.slow
@given(_tables(_NESTED))
def test_nested_values_are_their_json(table: tuple[list[str], list[list[Any]]]) -> None:
    names, rows = table
    written = csv(names, [_row(names, values) for values in rows], flat=False, escape_formulas=False)
    assert _read(written) == [names, *([_expected(value) for value in values] for values in rows)]


def test_null_and_the_empty_text_differ() -> None:
    rows = ['{"a":null,"b":"","c":null}', '{"a":"null","b":null,"c":0}']
    expected = '"a","b","c"\r\n,"",\r\n"null",,0\r\n'
    assert csv(["a", "b", "c"], rows, flat=True, escape_formulas=False) == expected
    assert csv(["a", "b", "c"], rows, flat=False, escape_formulas=False) == expected


def test_without_rows_there_is_the_header() -> None:
    assert csv(['a"b', "é"], [], flat=True, escape_formulas=False) == '"a""b","é"\r\n'


def test_values_nested_deeper_than_a_pattern_goes() -> None:
    deep = "[" * 5000 + "]" * 5000
    assert csv(["a", "b"], [f'{{"a":{deep},"b":1}}'], flat=False, escape_formulas=False) == f'"a","b"\r\n"{deep}",1\r\n'


@pytest.mark.parametrize("flat", [True, False])
@pytest.mark.parametrize(
    ("text", "is_formula"),
    [
        ("=cmd|' /C calc'!A0", True),
        ("+1+1", True),
        ("-x", True),
        ("@SUM(A1)", True),
        ("\t=1", True),
        ("\r=1", True),
        ("\n=1", True),
        ("\uff1d1", True),
        ("-1", False),
        ("+1.5e3", False),
        ("-1-1", True),
        ("a=1", False),
        (" =1", False),
        ("", False),
    ],
)
def test_formulas_are_escaped_and_numbers_are_not(text: str, is_formula: bool, flat: bool) -> None:  # noqa: FBT001
    written = csv(["a", "b"], [_row(["a", "b"], [text, -1])], flat=flat, escape_formulas=True)
    assert _read(written)[1] == [f"'{text}" if is_formula else text, "-1"]


@pytest.mark.slow
def test_it_is_as_postgresql_itself_writes_it(database_url: str) -> None:
    query = r"""
        SELECT
            n, 1.10 * n AS total,
            CASE n % 3 WHEN 1 THEN '' WHEN 2 THEN 'a, "b"' || chr(13) || chr(10) || repeat(E'\ 	', n) END AS "a "":x",
            n % 2 = 0 AS even, 10::numeric ^ n AS wide, ARRAY[n, NULL] AS list,
            ('{"a" :  [1,' || chr(10) || '2]}')::json AS written
        FROM generate_series(1, 30) n
    """
    with psycopg.connect(database_url) as connection:
        rows = [row for (row,) in connection.execute(f"SELECT row_to_json(q)::text FROM ({query}) q")]  # noqa: S608 (the test's own)
        quoted = f'COPY (SELECT n, total, "a "":x", even, wide, to_json(list), written FROM ({query}) q) '  # noqa: S608
        with connection.cursor().copy(f"{quoted} TO STDOUT (FORMAT csv)") as copy:
            theirs = b"".join(copy).decode()
    names = ["n", "total", 'a ":x', "even", "wide", "list", "written"]
    ours = _read(csv(names, rows, flat=False, escape_formulas=False))[1:]
    words = {"t": "true", "f": "false"}
    assert ours == [[words.get(field, field) for field in line] for line in _read(theirs)]


def test_a_text_that_begins_like_a_members_value() -> None:
    rows = ['{"a":":1","b":2}', '{"a":":","b":null}']
    assert csv(["a", "b"], rows, flat=True, escape_formulas=False) == '"a","b"\r\n":1",2\r\n":",\r\n'
