"""What an operation of any type answers can be sent back as it is, and is valid against the schema of its answers.

PostgreSQL says which of many texts are values of a type. docs/query-files.md lists what does not come back.
"""

import os
import re
from collections.abc import Iterator
from random import Random
from typing import Any

import psycopg
import pytest
from jsonschema import Draft202012Validator, FormatChecker

from handler.contract import exact_json
from tests.hostile.conftest import Target
from tests.hostile.hostility import TEXTS, Hostility

SEED = int(os.environ.get("HOSTILE_SEED", "1"))

_TEXTS = [
    *(text for text in TEXTS if "\0" not in text and text.isprintable()),
    *("2026-01-31", "0044-03-15 BC", "5874897-12-31", "-infinity", "2026-01-31 12:00:00.5", "294276-12-31 23:59:59+00"),
    *(
        "2026-01-31 12:00:00+05:30",
        "12:00:00.25",
        "24:00:00",
        "12:00:00+02",
        "12:00:00-05:30:15",
        "1 year -2 days 03:04",
    ),
    *("true", "42", "-7", "1.50", "0.000001", "1e10", "NaN", "-Infinity", "12345678901234567890.123456789", "{}", "[]"),
    *('{"a": [1, null, "x"], "b": 1.10}', "null", '"text"', "\\x00ff", "0101", "$1,234.50", "(1,2)", "((0,0),(1,1))"),
    *("[(0,0),(1,1)]", "{1,2,3}", "<(1,2),3>", "[1,2)", "(,5]", "empty", "[2026-01-01,2026-02-01)", "{[1,2),[3,4)}"),
    *("192.0.2.1", "10.0.0.0/8", "2001:db8::1", "08:00:2b:01:02:03", "08:00:2b:01:02:03:04:05", "16/B374D848"),
    *("fox & !dog", "'a':1A 'b':2", "$.a[*] ? (@ > 1)", "a.b.c", "a.*{1,2}.b", "a & b*", "1 .. 2", "(1,2),(3,4)"),
    *("[1,2.5,-3]", "{1:1.5}/3", '"k"=>"v", "n"=>NULL', "978-0-393-04002-9", "1&(2|3)", "1 2 3", "pg_class", "int4"),
    *("english", "simple", "postgres", "public", "10:20:10,15", "(0,1)", "sad", "ABC", '(1,2.50,"a, b")', "(,,)"),
    *('("(1,2,x)","2026-01-31 12:00:00+00","{a,NULL}")', "00000000-0000-4000-8000-000000000000", "<a>b</a>"),
]

# RFC 3339, which names the day, the hour and the offset that it has a form for.
_DAY = r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
_HOUR = r"([01][0-9]|2[0-3]):[0-5][0-9]:([0-5][0-9]|60)(\.[0-9]+)?"
_OFFSET = r"(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])"
_STRICT = {
    "date": _DAY,
    "date-time": f"{_DAY}T{_HOUR}{_OFFSET}",
    "date-time-local": f"{_DAY}T{_HOUR}",
    "time": f"{_HOUR}{_OFFSET}",
    "time-local": _HOUR,
    "uuid": "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
}


def _formats() -> FormatChecker:
    checker = FormatChecker(formats=())
    for name, pattern in _STRICT.items():
        compiled = re.compile(pattern)
        checker.checks(name)(lambda value, compiled=compiled: not isinstance(value, str) or compiled.fullmatch(value))
    return checker


_FORMATS = _formats()


def _values(connection: psycopg.Connection[Any], type_: str, chance: Random, most: int) -> list[str]:
    """Texts that PostgreSQL takes for values of a type."""
    hostility = Hostility(chance.randrange(2**32))
    texts = [*_TEXTS, *(text for text in (hostility.text() for _ in range(200)) if _is_storable(text))]
    query = "SELECT DISTINCT text FROM unnest(%s::text[]) AS text WHERE pg_temp.is_value(text, %s)"
    found = sorted(text for (text,) in connection.execute(query, [texts, type_]))
    return chance.sample(found, min(most, len(found)))


# By one question for all texts of a type; some types' inputs fail where pg_input_is_valid asks them.
_IS_VALUE = """
CREATE FUNCTION pg_temp.is_value(text text, type text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN
  EXECUTE format('SELECT to_json($1::text::%s)', type) USING text;
  RETURN true;
EXCEPTION WHEN OTHERS THEN
  RETURN false;
END $$
"""


def _is_storable(text: str) -> bool:
    return "\0" not in text and not any("\ud800" <= character <= "\udfff" for character in text)


def _answered(connection: psycopg.Connection[Any], expression: str, values: list[Any]) -> Any:
    row = connection.execute(f"SELECT to_json({expression})::text".encode(), values).fetchone()
    assert row is not None
    return exact_json.loads(row[0])


def _round_trips(every: Target, most: int) -> Iterator[tuple[str, Any, Any]]:
    """An operation, a value that it answers, and the value that comes of sending that."""
    chance = Random(SEED)  # noqa: S311 (a seed, so that a run can be repeated)
    with psycopg.connect(every.database_url, autocommit=True) as connection:
        connection.execute(_IS_VALUE)
        for name, type_ in every.types.items():
            texts = _values(connection, type_, chance, most)
            uses: list[tuple[str, str, Any]] = [("value", f"%s::text::{type_}", text) for text in texts]
            if f"list.{name}" in every.operations and texts:
                uses.append(("list", f"%s::text[]::{type_}[]", [*texts, None]))
            if f"grid.{name}" in every.operations and texts:
                uses.append(("grid", f"%s::text[]::{type_}[]", [[texts[0], None], [texts[-1], texts[0]]]))
            for use, expression, value in uses:
                answer = _answered(connection, expression, [value])
                yield f"{use}.{name}", answer, _sent_back(every, f"{use}.{name}", answer)


def _sent_back(every: Target, operation: str, value: Any) -> Any:
    """The answer to a value as JSON's text, with all its digits; of a refusal the problem."""
    headers = {"content-type": "application/json"}
    text = exact_json.dumps({"v": value})
    answer = exact_json.loads(every.function.http("POST", f"/operations/{operation}", text=text, headers=headers).text)
    return answer.get("data", answer)


def _check(every: Target, most: int) -> int:
    wrong = []
    trips = 0
    for operation, answer, again in _round_trips(every, most):
        trips += 1
        schema = every.operations[operation].documentation.result_schema
        if again != answer:
            wrong.append(f"{operation}: {answer!r} comes back as {again!r}")
        elif not Draft202012Validator(schema, format_checker=_FORMATS).is_valid(again):
            wrong.append(f"{operation}: {again!r} is not valid by {schema}")
    assert not wrong, "\n".join(wrong[:30])
    return trips


@pytest.mark.slow
def test_what_is_answered_can_be_sent_back(every: Target) -> None:
    assert _check(every, 4) > 300


@pytest.mark.long
def test_much_that_is_answered_can_be_sent_back(every: Target) -> None:
    assert _check(every, 1000) > 1000
