"""Numbered SQL scripts, as in `migrations/` and `seed/`: a folder's files, their order, statements and checksums.

A script is plain SQL named `NUMBER_name.sql`. It runs in a transaction of its own unless the comment at its top says
`-- transaction: off`. Nothing here talks to a database: what runs the scripts is another matter (see migrations.py).
"""

import hashlib
import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import postgast

from queryport.console.failure import Failure
from queryport.diagnostics.source import Problem, Source, Span, shown

_NAME = re.compile(r"(?P<number>\d+)[_-](?P<title>[A-Za-z0-9][A-Za-z0-9._-]*)\.sql")
_TRANSACTION = re.compile(r"--\s*transaction\s*:\s*(?P<value>\S*)\s*", re.IGNORECASE)


class ScriptError(Failure):
    """A script, or a folder of them, that cannot be run as it is; the message says where and how to mend it."""

    def __init__(self, message: str, problem: Problem | None = None) -> None:
        super().__init__(message)
        self.problem = problem
        """The place in the file, if the error has one."""

    @classmethod
    def at(cls, problem: Problem) -> "ScriptError":
        return cls(problem.render(), problem)


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement of a script; `start` is its first character's offset in the file."""

    text: str
    start: int


@dataclass(frozen=True)
class Script:
    """One file; `path` is as it is shown to people."""

    path: Path
    number: int
    text: str

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def checksum(self) -> str:
        """SHA-256 of the text; line ends are left out of account, since git may change them."""
        return hashlib.sha256(self.text.replace("\r\n", "\n").encode()).hexdigest()

    @property
    def transactional(self) -> bool:
        """Whether all of it happens or nothing, and not statement by statement."""
        for line in self.text.splitlines():
            if line.strip() and not line.startswith("--"):
                break
            if found := _TRANSACTION.fullmatch(line):
                value = found["value"].lower()
                if value not in {"on", "off"}:
                    raise ScriptError(f'{self.path}: expected "-- transaction: on" or "off", got "{found["value"]}"')
                return value == "on"
        return True

    def statements(self) -> tuple[Statement, ...]:
        """The statements in order, by PostgreSQL's own grammar. Raises ScriptError where it does not parse."""
        try:
            parsed = postgast.parse(self.text)
        except postgast.PgQueryError as error:
            start = max(0, error.cursorpos - 1)
            cure = "write plain SQL: psql's own commands, such as \\i and \\copy, are not SQL"
            raise self.error("QP201", Span(start, start + 1), error.message, cure) from None
        encoded = self.text.encode()
        found = []
        for raw in parsed.stmts:
            end = raw.stmt_location + raw.stmt_len if raw.stmt_len else len(encoded)
            text = encoded[raw.stmt_location : end].decode()
            start = len(encoded[: raw.stmt_location].decode())
            blank = len(text) - len(text.lstrip())
            statement = Statement(text[blank:], start + blank)
            self._refuse(raw.stmt.WhichOneof("node"), raw.stmt, statement)
            found.append(statement)
        if not found:
            raise self.error("QP001", Span(0, 1), "the file holds no statement", "write one, or delete the file")
        return tuple(found)

    def first_line(self, statement: Statement) -> Span:
        return Span(statement.start, statement.start + len(statement.text.split("\n", 1)[0].rstrip()))

    def error(self, code: str, span: Span, message: str, cure: str) -> ScriptError:
        return ScriptError.at(Source(self.path, self.text).problem(code, span, message, cure))

    def _refuse(self, kind: str, node: object, statement: Statement) -> None:
        if kind == "transaction_stmt" and self.transactional:
            raise self.error(
                "QP206",
                self.first_line(statement),
                "the file controls its transaction itself",
                "take it out: the file runs in one transaction, unless the comment at its top says -- transaction: off",
            )
        copy = getattr(node, "copy_stmt", None)
        if kind == "copy_stmt" and copy is not None and not copy.filename:
            raise self.error(
                "QP204",
                self.first_line(statement),
                "COPY has no client to exchange rows with here",
                "write INSERT … VALUES or INSERT … SELECT",
            )


def read_scripts(directory: Path) -> tuple[Script, ...]:
    """The scripts of a folder in the order of their numbers; a folder that does not exist holds none.

    Raises ScriptError for names that make no order, for one number used twice, and for scripts in folders below.
    """
    if not directory.is_dir():
        return ()
    paths = [path for path in directory.rglob("*.sql") if not path.name.startswith(".")]
    for path in paths:
        if path.parent != directory:
            raise ScriptError(f"{shown(path)}: scripts lie in {shown(directory)} itself: move it there")
    scripts = sorted(map(_read, paths), key=lambda script: (script.number, script.name))
    for one, other in itertools.pairwise(scripts):
        if one.number == other.number:
            raise ScriptError(
                f"{one.path} and {other.path} have one number, {one.number}, so neither comes first: renumber one"
            )
    return tuple(scripts)


def combined_checksum(scripts: Sequence[Script]) -> str:
    """One checksum for the names, order and texts of several scripts."""
    digest = hashlib.sha256()
    for script in scripts:
        digest.update(f"{script.name}\0{script.checksum}\0".encode())
    return digest.hexdigest()


def _read(path: Path) -> Script:
    name = _NAME.fullmatch(path.name)
    if name is None:
        raise ScriptError(
            f"{shown(path)}: expected a name such as 0001_{_title(path)}.sql: the number gives the order, "
            "then an underscore and a name of letters, digits, dots, hyphens and underscores"
        )
    try:
        text = path.read_bytes().decode()
    except UnicodeDecodeError as error:
        raise ScriptError(f"{shown(path)}: not UTF-8 text (byte {error.start}): save it as UTF-8") from None
    return Script(shown(path), int(name["number"]), text.removeprefix("\ufeff"))


def _title(path: Path) -> str:
    return re.sub(r"[^a-z0-9]+", "_", path.stem.lower()).strip("_") or "name"
