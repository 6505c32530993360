"""Knows how other tools write placeholders, for the cure of an error that their form brings about."""

import re

_FORMS = (
    (re.compile(r"\{\{\s*(\w+)?[^{}\n]*\}\}"), "a template's"),
    (re.compile(r"[$#]\{\s*(\w+)?[^{}\n]*\}"), "a template's"),
    (re.compile(r"%\((\w+)\)s"), "Python's"),
    (re.compile(r"%s\b()"), "Python's"),
    (_AT := re.compile(r"@(\w+)"), "another database's"),
    (re.compile(r"(?<![\w\])\"])(?:<(\w+)>|\[(\w+)\])"), "a document's"),
    (re.compile(r"(?<![?|&@])\?(?![?|&])()"), "JDBC's"),
)


def foreign_placeholder(text: str, at: int, *, of_operator: bool = False) -> str | None:
    """Return the cure where another tool's placeholder stands at an offset of the text, or directly before it.

    `of_operator` says that an operator does not fit: `@note` is then PostgreSQL's absolute value of a column.
    """
    begin = text.rfind("\n", 0, at) + 1
    end = text.find("\n", at)
    line = text[begin : end if end >= 0 else len(text)]
    for form, whose in _FORMS:
        for found in form.finditer(line) if not (of_operator and form is _AT) else ():
            if found.start() - 1 <= at - begin <= found.end() + 1:
                name = next((group for group in found.groups() if group), "name")
                return f"`{found[0]}` is {whose} form of a placeholder: write `:{name}`"
    return None
