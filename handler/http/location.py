"""The header Location: the path of what a write made, with values of the row that it answered."""

from collections.abc import Sequence
from urllib.parse import quote

from handler.contract.operation import Result
from handler.engine.invocation import Answer
from handler.http.json_members import member_values, scalar_text

_NO_SEGMENT = frozenset({"", ".", ".."})
"""Texts that no client leaves a segment of a path to be."""


def location(template: str, columns: Sequence[str], answer: Answer) -> str | None:
    """Fill a path's names in braces from the answered row.

    None where a value is null or cannot be a segment of a path.
    """
    row = answer.json_rows[0]
    texts = [row] if answer.result is Result.VALUE else member_values(row)
    values = dict(zip(columns, texts, strict=True))
    path = []
    for segment in template.split("/")[1:]:
        text = scalar_text(values[segment[1:-1]]) if segment.startswith("{") else segment
        if text is None or text in _NO_SEGMENT:
            return None
        path.append(quote(text, safe="") if segment.startswith("{") else segment)
    return "/" + "/".join(path)
