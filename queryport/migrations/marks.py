"""Marks in the comments of a script: `-- transaction: off`, and those by which other migration tools part a file.

A comment between statements is looked at whole, indented or not, in dashes or in a block. One that another tool would
obey is refused: that tool would not run what stands below it, and Queryport would.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

import postgast
from postgast.pg_query_pb2 import Token as TokenKind

from queryport.diagnostics.source import Problem, Source, Span

_COMMENTS = (TokenKind.SQL_COMMENT, TokenKind.C_COMMENT)
_SEMICOLON = ord(";")

_TRANSACTION = re.compile(r"transactions?\s*[:=]\s*(?P<value>\S*)\s*(?P<rest>.*)", re.IGNORECASE)
_SWITCHES = ("on", "off", "true", "false", "yes", "no", "none")

_BACKWARDS = re.compile(
    r"""
      \+\w[\w-]*\s+down\b.*                                 # goose, sql-migrate, micrate
    | \w[\w-]*\s*:\s*down(?:\s+\S+\s*:\s*\S+)*              # dbmate
    | rambler\s+down
    | (?://\s*)?@(?:undo|down)\b.*                          # MyBatis Migrations, dbdeploy
    | (?:\#\s*)?-*\s*!downs?\b.*                            # Play
    | create\s+above\s*/\s*drop\s+below\b.*                 # tern
    | [\W_]*(?:down|undo|rollback|revert)[\s_-]+(?:migration|script|section)s?\b.*   # node-pg-migrate
    | [\W_]*(?:downs?|undo|rollback|revert)\s*:.*
    | [\W_]*(?:downs?|undo|rollback|revert)[\W_]*           # shmig, and what people make up
    """,
    re.IGNORECASE | re.VERBOSE,
)
_WITHOUT_TRANSACTION = re.compile(
    r"""
      \+\w[\w-]*\s+no[\s_-]*transaction\b.*                 # goose
    | \+\w[\w-]*\s+up\b.*\bno[\s_-]?transaction\b.*         # sql-migrate
    | \w[\w-]*\s*:\s*up\b.*\btransaction\s*:\s*false\b.*    # dbmate
    | no[\s_-]?transaction                                  # sqlx
    | atlas:txmode\s+none                                   # Atlas
    | (?:\w+:)?executeInTransaction\s*=\s*false             # Flyway
    """,
    re.IGNORECASE | re.VERBOSE,
)


class _Line(NamedTuple):
    """A line of a comment, without the signs that make it one."""

    text: str
    span: Span
    at_top: bool
    """No statement has begun before it."""
    between: bool
    """It stands in no statement."""


def runs_in_transaction(source: Source) -> bool:
    """Return whether the comments at the top leave the file its transaction; `problems` has marks that say neither."""
    for line in _lines(source.text):
        found = _TRANSACTION.fullmatch(line.text) if line.at_top else None
        if found is not None and found["value"].lower() == "off":
            return False
    return True


def problems(source: Source) -> Iterator[Problem]:
    """The marks that cannot be meant as they stand, in their order."""
    switches: list[str] = []
    for line in _lines(source.text):
        if found := _TRANSACTION.fullmatch(line.text):
            value = found["value"].lower()
            exact = value in ("on", "off") and not found["rest"]
            if line.at_top and not exact:
                message = f'expected "-- transaction: on" or "off", got "{line.text}"'
                yield source.problem("QP602", line.span, message, "write the mark, and nothing else into its line")
            elif line.at_top and value in switches:
                pass  # said twice
            elif line.at_top and switches:
                message, cure = "the file is marked as transaction: on and off", "delete one of the two marks"
                yield source.problem("QP602", line.span, message, cure)
            elif not line.at_top and (exact or (line.between and value in _SWITCHES)):
                message = "the mark stands below the first statement, where it has no effect"
                yield source.problem("QP602", line.span, message, "move it to the top of the file")
            if line.at_top:
                switches.append(value)
        elif line.between and _BACKWARDS.fullmatch(line.text):
            message = "the comment is another migration tool's, and what stands below it would run as well"
            cure = "delete it and the statements below it: a migration only goes forwards, and a new file undoes one"
            yield source.problem("QP601", line.span, message, cure)
        elif line.between and _WITHOUT_TRANSACTION.fullmatch(line.text):
            message = "the comment is another migration tool's, and the file would run in a transaction"
            yield source.problem("QP601", line.span, message, "write -- transaction: off at the top of the file")


def _lines(text: str) -> Iterator[_Line]:
    """The lines of the comments; none where the text is no SQL, which its parser will say."""
    try:
        tokens = postgast.scan(text).tokens
    except postgast.PgQueryError:
        return
    encoded = text.encode()
    at_top = between = True
    for token in tokens:
        if token.token not in _COMMENTS:
            at_top, between = False, token.token == _SEMICOLON
            continue
        start = len(encoded[: token.start].decode())
        for line in encoded[token.start : token.end].decode().splitlines(keepends=True):
            inner = _inner(line)
            if inner:
                begin = start + line.index(inner)
                yield _Line(inner, Span(begin, begin + len(inner)), at_top, between)
            start += len(line)


def _inner(line: str) -> str:
    """`-- +goose Down` → `+goose Down`; the stars of a block go as well."""
    stripped = line.strip()
    if stripped.startswith("--"):
        return stripped.lstrip("-").strip()
    return stripped.removeprefix("/*").removesuffix("*/").strip("* \t")
