"""SQL scripts, as in `migrations/` and `seed/`: a folder's files, their order, statements and checksums.

A script is plain SQL named `NUMBER_name.sql`, which runs once, or `R_name.sql`, which runs again when its text changes.
It runs in a transaction of its own unless the comment at its top says `-- transaction: off`. Nothing here talks to a
database: the runner does (runner.py).
"""

import hashlib
import itertools
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import postgast

from queryport.authored import SCRIPT, UnreadableError, read_authored, walk_authored
from queryport.console.failure import CommandError
from queryport.diagnostics.source import Problem, Source, Span, shown
from queryport.migrations import marks

_NAME = re.compile(r"(?P<number>\d+)[_-](?P<title>[A-Za-z0-9][A-Za-z0-9._-]*)\.sql")
_REPEATABLE_NAME = re.compile(r"R__?[A-Za-z0-9][A-Za-z0-9._-]*\.sql")
_BACKWARDS = re.compile(r".+\.(?:down|undo|rollback|revert)\.sql", re.IGNORECASE)
_BACKWARDS_OF_A_PAIR = re.compile(r"(?P<of>.+)[_-](?:down|undo|rollback|revert)\.sql", re.IGNORECASE)


class ScriptError(CommandError):
    """A script, or a folder of them, cannot be run as it is; the message says where and how to mend it."""

    def __init__(self, message: str, problem: Problem | None = None) -> None:
        super().__init__(message)
        self.problem = problem
        """The place in the file, if the error has one."""

    @classmethod
    def at(cls, problem: Problem) -> "ScriptError":
        return cls(problem.render(), problem)


class ScriptStatement(NamedTuple):
    """One statement of a script; `start` is its first character's offset in the file."""

    text: str
    start: int


@dataclass(frozen=True)
class Script:
    """One file; `path` is as it is shown to people."""

    path: Path
    number: int | None
    """None of a repeatable script."""
    text: str

    @property
    def repeatable(self) -> bool:
        """True for a script that runs whenever its text has changed, behind all numbered ones."""
        return self.number is None

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def checksum(self) -> str:
        """SHA-256 of the text; line ends are left out of account, since git may change them."""
        return hashlib.sha256(self.text.replace("\r\n", "\n").encode()).hexdigest()

    @cached_property
    def transactional(self) -> bool:
        """True for a script that is applied whole or not at all; another runs statement by statement."""
        return marks.runs_in_transaction(self.source)

    @property
    def source(self) -> Source:
        return Source(self.path, self.text)

    def statements(self) -> tuple[ScriptStatement, ...]:
        """The statements in order, by PostgreSQL's own grammar. Raises ScriptError for what cannot be run."""
        if unclear := [*marks.problems(self.source)]:
            raise ScriptError("\n\n".join(problem.render() for problem in unclear), unclear[0])
        if self.repeatable and not self.transactional:
            message = "a repeatable file is one transaction"
            raise self.error("QP602", Span(0, 1), message, "delete the mark, or give the file a number")
        try:
            parsed = postgast.parse(self.text)
        except postgast.PgQueryError as error:
            start = max(0, error.cursorpos - 1)
            cure = "write plain SQL: psql's own commands, such as \\i and \\copy, are not SQL"
            raise self.error("QP201", Span(start, start + 1), error.message, cure) from None
        encoded = self.text.encode()
        found = []
        start = start_byte = 0
        for raw in parsed.stmts:
            end = raw.stmt_location + raw.stmt_len if raw.stmt_len else len(encoded)
            text = encoded[raw.stmt_location : end].decode()
            # From the statement before: counted from the top each time, a large seed would take hours.
            start += len(encoded[start_byte : raw.stmt_location].decode())
            start_byte = raw.stmt_location
            blank = len(text) - len(text.lstrip())
            statement = ScriptStatement(text[blank:], start + blank)
            self._refuse(raw.stmt, statement)
            found.append(statement)
        if not found:
            raise self.error("QP001", Span(0, 1), "the file holds no statement", "write one, or delete the file")
        return tuple(found)

    def first_line(self, statement: ScriptStatement) -> Span:
        return Span(statement.start, statement.start + len(statement.text.split("\n", 1)[0].rstrip()))

    def error(self, code: str, span: Span, message: str, cure: str) -> ScriptError:
        return ScriptError.at(self.source.problem(code, span, message, cure))

    def _refuse(self, node: Any, statement: ScriptStatement) -> None:
        kind = node.WhichOneof("node")
        if kind == "transaction_stmt":
            where = (
                "the file runs in one transaction, unless the comment at its top says -- transaction: off"
                if self.transactional
                else "each statement of the file runs by itself, perhaps in another session than the one before"
            )
            message = "the file controls its transaction itself"
            raise self.error("QP206", self.first_line(statement), message, f"take it out: {where}")
        if not self.transactional and (kind in _OF_ITS_SESSION or _is_temporary(kind, node)):
            raise self.error(
                "QP207",
                self.first_line(statement),
                "the statement only changes its session, which the next statement of the file may not have",
                "leave -- transaction: off out, or give a setting to the role or the database: ALTER ROLE … SET …",
            )
        if kind == "copy_stmt" and not node.copy_stmt.filename:
            raise self.error(
                "QP204",
                self.first_line(statement),
                "COPY has no client to exchange rows with here",
                "write INSERT … VALUES or INSERT … SELECT",
            )


_OF_ITS_SESSION = frozenset(
    {
        "close_portal_stmt",
        "constraints_set_stmt",
        "deallocate_stmt",
        "declare_cursor_stmt",
        "discard_stmt",
        "execute_stmt",
        "fetch_stmt",
        "listen_stmt",
        "lock_stmt",
        "prepare_stmt",
        "unlisten_stmt",
        "variable_set_stmt",
    }
)


def _is_temporary(kind: str, node: Any) -> bool:
    if kind == "create_stmt":
        return bool(node.create_stmt.relation.relpersistence == "t")
    if kind == "create_table_as_stmt":
        return bool(node.create_table_as_stmt.into.rel.relpersistence == "t")
    if kind == "view_stmt":
        return bool(node.view_stmt.view.relpersistence == "t")
    if kind == "create_seq_stmt":
        return bool(node.create_seq_stmt.sequence.relpersistence == "t")
    return kind == "select_stmt" and bool(node.select_stmt.into_clause.rel.relpersistence == "t")


def read_scripts(directory: Path, *, repeatable: bool = True) -> tuple[Script, ...]:
    """The scripts of a folder in the order of their numbers, then the repeatable ones by name; none without a folder.

    Raises ScriptError for what cannot be read, for names that make no order, for one number used twice, for scripts in
    folders below, and for files by which other tools undo a migration.
    """
    paths = _paths(directory)
    for path in paths:
        if path.parent != directory:
            raise ScriptError(f"{shown(path)}: scripts lie in {shown(directory)} itself: move it there")
        if _goes_backwards(path, paths):
            raise ScriptError(
                f"{shown(path)}: by its name it undoes a migration, and it would run as one: keep such files elsewhere"
            )
    scripts = sorted(_read_all(paths), key=lambda script: (script.repeatable, script.number or 0, script.name))
    if not repeatable and scripts and scripts[-1].repeatable:
        raise ScriptError(f"{scripts[-1].path}: only migrations can be repeatable: give the file a number")
    for one, other in itertools.pairwise(scripts):
        if one.number == other.number and not one.repeatable:
            raise ScriptError(
                f"{one.path} and {other.path} have one number, {one.number}, so neither comes first: renumber one"
            )
    return tuple(scripts)


def _paths(directory: Path) -> list[Path]:
    """The paths of the scripts in a folder and below; a folder that is called like a script counts as one."""
    try:
        return [
            folder / name
            for folder, folders, files in walk_authored(directory)
            for name in (*files, *folders)
            if name.endswith(".sql")
        ]
    except UnreadableError as error:
        raise ScriptError(f"{shown(error.path)}: {error}: {error.cure}") from None
    except OSError as error:
        raise ScriptError(f"{shown(directory)}: it cannot be read ({error.strerror})") from None


def _read_all(paths: Iterable[Path]) -> list[Script]:
    """Read the scripts, and tell of all that cannot be read; one that is gone by now is left out."""
    scripts: list[Script] = []
    errors: list[ScriptError] = []
    for path in paths:
        try:
            script = _read(path)
        except ScriptError as error:
            errors.append(error)
        else:
            scripts += [script] if script is not None else []
    if errors:
        raise ScriptError("\n".join(map(str, errors))) from errors[0]
    return scripts


def _goes_backwards(path: Path, paths: Sequence[Path]) -> bool:
    if _BACKWARDS.fullmatch(path.name):
        return True
    pair = _BACKWARDS_OF_A_PAIR.fullmatch(path.name)
    # Without its counterpart the word may be a part of the title: 0003_scale_down.sql.
    forwards = re.compile(rf"{re.escape(pair['of'])}([_-](up|do))?\.sql", re.IGNORECASE) if pair else None
    return forwards is not None and any(forwards.fullmatch(other.name) for other in paths)


def combined_checksum(scripts: Sequence[Script]) -> str:
    """One checksum for the names, order and texts of several scripts."""
    digest = hashlib.sha256()
    for script in scripts:
        digest.update(f"{script.name}\0{script.checksum}\0".encode())
    return digest.hexdigest()


def _read(path: Path) -> Script | None:
    name = _NAME.fullmatch(path.name)
    if name is None and not _REPEATABLE_NAME.fullmatch(path.name):
        raise ScriptError(
            f"{shown(path)}: expected a name such as 0001_{_title(path)}.sql: the number gives the order, "
            "then an underscore and a name of letters, digits, dots, hyphens and underscores"
        )
    try:
        text = read_authored(path, SCRIPT).decode()
    except UnreadableError as error:
        raise ScriptError(f"{shown(path)}: {error}: {error.cure}") from None
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ScriptError(f"{shown(path)}: it cannot be read ({error.strerror})") from None
    except UnicodeDecodeError as error:
        raise ScriptError(f"{shown(path)}: not UTF-8 text (byte {error.start}): save it as UTF-8") from None
    return Script(shown(path), int(name["number"]) if name else None, text.removeprefix("\ufeff"))


def _title(path: Path) -> str:
    return re.sub(r"[^a-z0-9]+", "_", path.stem.lower()).strip("_") or "name"
