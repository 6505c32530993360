"""The message of the Data API's DatabaseErrorException, taken apart: what PostgreSQL said, and its SQLSTATE.

Both packages read it: the Lambda to tell a caller by name what happened, the tool to tell a developer all of it.
"""

import re
from typing import NamedTuple

_PARTS = r"(?:; |\n\s*)(Detail|Hint|Where|Position): "
_END = r"(?:; |\n\s*)\Z"
_SEVERITY = r"(?:ERROR|FATAL|PANIC): "


class DatabaseMessage(NamedTuple):
    """The parts of `ERROR: <text>; Hint: <hint>; Position: 7; SQLState: 42601`, in which all but the text may lack."""

    text: str
    sqlstate: str | None
    fatal: bool = False
    """PostgreSQL ended the session with it (FATAL or PANIC)."""
    hint: str | None = None
    position: int | None = None
    """The character of the statement at fault, counted from 1."""
    detail: str | None = None
    """Seen of no Aurora so far: the Data API leaves it out."""

    @classmethod
    def parse(cls, message: str) -> "DatabaseMessage":
        head, found, sqlstate = message.rpartition("SQLState: ")
        if not found:
            return cls(message, None)
        text, *rest = re.split(_PARTS, re.sub(_END, "", head))
        parts = dict(zip(rest[::2], rest[1::2], strict=True))
        position = parts.get("Position", "")
        return cls(
            re.sub(_SEVERITY, "", text, count=1),
            sqlstate.strip(),
            text.startswith(("FATAL: ", "PANIC: ")),
            parts.get("Hint"),
            int(position) if position.isdecimal() else None,
            parts.get("Detail"),
        )
