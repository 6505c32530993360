"""Rows as CSV (RFC 4180), out of the JSON texts that PostgreSQL rendered, with every digit of their numbers.

Texts always stand in quotation marks, so that `""` is the empty text and nothing at all is NULL, as in PostgreSQL's own
CSV. Numbers and booleans stand as they are, nested values as their JSON. Rows of single values without escapes become
CSV together, by taking the names out of their text; other ones are taken apart.
"""

import re
from collections.abc import Sequence
from functools import lru_cache

import orjson

from handler.http.json_members import STRING, member_values

_ROW_END = "\r\n"
"""Never part of a row of single values, where line breaks stand within strings, escaped."""

_NULL = "null"
_EMPTY_LINE = '""'
"""The row of a single column that is NULL; many readers pass over a line with nothing on it."""

# Where a spreadsheet takes a text for a formula: OWASP, "CSV injection"; with the wide forms that some keyboards make.
_FORMULA = "=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20"
_NUMBER = r"[+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?"
_FORMULA_TEXT = re.compile(f"(?!{_NUMBER}$)[{_FORMULA}]")
_FORMULA_MEMBER = re.compile(f':"(?!{_NUMBER}")(?=[{_FORMULA}])')


def csv(columns: Sequence[str], json_rows: Sequence[str], *, flat: bool, escape_formulas: bool) -> str:
    """Write the header row and the rows.

    `flat` says that no value is an array, an object or JSON of its own. With `escape_formulas`, an apostrophe stands
    before a text that a spreadsheet would take for a formula.
    """
    header = ",".join(map(_quoted, columns)) + _ROW_END
    if not json_rows:
        return header
    rows = _flat(columns, json_rows, escape_formulas=escape_formulas) if flat and len(columns) > 1 else None
    if rows is None:
        rows = _taken_apart(json_rows, len(columns), escape_formulas=escape_formulas)
    return header + rows + _ROW_END


def _flat(columns: Sequence[str], json_rows: Sequence[str], *, escape_formulas: bool) -> str | None:
    """Take the names out of rows of single values; None where a string has an escape, or begins with a colon.

    Without escapes a quotation mark begins or ends a string, and one with a colon behind it ends a name.
    """
    text = _ROW_END.join(json_rows)
    if "\\" in text:
        return None
    if escape_formulas:
        text = _FORMULA_MEMBER.sub(":\"'", text)
    parts = text.split('":')
    count = len(columns)
    if len(parts) != len(json_rows) * count + 1:
        return None
    # A part is a value and the beginning of the next member: `7,"name`, or at the end of a row `7}\r\n{"name`.
    lengths = [len(name) + 1 for name in columns]
    for index, length in enumerate(lengths[1:], start=1):
        values = parts[index::count]
        null = _NULL + values[0][-length - 1 :]
        parts[index::count] = ["," if value == null else value[:-length] for value in values]
    ends = parts[count:-1:count]
    cut = lengths[0] + 1  # the brace, too
    parts[count:-1:count] = [_end(value[: -cut - len(_ROW_END) - 1]) + _ROW_END for value in ends]
    parts[-1] = _end(parts[-1][:-1])
    parts[0] = ""
    return "".join(parts)


def _end(value: str) -> str:
    return "" if value == _NULL else value


def _taken_apart(rows: Sequence[str], members: int, *, escape_formulas: bool) -> str:
    match = _row(members).fullmatch
    lines = []
    for row in rows:
        found = match(row)
        values = found.groups() if found else member_values(row)  # nested deeper than the pattern
        lines.append(",".join([_field(value, escape_formulas=escape_formulas) for value in values]) or _EMPTY_LINE)
    return _ROW_END.join(lines)


@lru_cache(32)
def _row(members: int) -> re.Pattern[str]:
    """The pattern of a row of so many members, whose values nest three deep at most."""
    nested = r"[\[{](?:[^\[\]{}\"]++|STRING|INNER)*+[\]}]"
    value = nested.replace("INNER", nested).replace("INNER", nested).replace("|INNER", "")
    value = rf'STRING|[^"\[{{,}}\s]++|{value}'.replace("STRING", STRING)
    return re.compile(r"\{" + ",".join([rf"{STRING}:\s*+({value})\s*+"] * members) + r"\}")


def _field(value: str, *, escape_formulas: bool) -> str:
    if value[0] in "[{":
        return _quoted(value)
    if value[0] != '"':
        return "" if value == _NULL else value
    if "\\" not in value and not escape_formulas:
        return value  # without escapes it has no quotation mark, and is a text of CSV as it is
    text: str = orjson.loads(value)
    return _quoted(f"'{text}" if escape_formulas and _FORMULA_TEXT.match(text) else text)


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'
