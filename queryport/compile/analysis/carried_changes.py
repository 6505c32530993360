"""Follows a change of a table's rows to wherever it is carried.

It goes to partitions, through foreign keys, triggers and rules, and by the functions of defaults. Where a function
composes its statements, it may reach anything. Knows nothing of the statement that asks for the change.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from handler.contract.violations import ConstraintKind
from queryport.compile.analysis.database.constraints import WORD, Carrier, Code, Constraint, Constraints
from queryport.compile.analysis.tree.scope import Command

_WRITING = frozenset({"insert", "update", "delete", "merge", "copy", "truncate"})
_EVENTS = {Command.INSERT: 4, Command.DELETE: 8, Command.UPDATE: 16}
_BEFORE_EACH_ROW = 3
_ALL_EVENTS = (Command.INSERT, Command.UPDATE, Command.DELETE)


@dataclass(slots=True)
class CarriedChanges:
    """All that some changes reach; `change` and `run` add to it."""

    constraints: Constraints
    breakable: dict[str, Constraint] = field(default_factory=dict)
    """The constraints that may be broken, by their ids."""
    indirect: set[int] = field(default_factory=set)
    """The tables that are changed by more than the statement itself."""
    everything: bool = False
    """A function that runs may change anything."""
    words: set[str] = field(default_factory=set)
    """The words of the functions that run."""
    _seen: set[tuple[int, Command, frozenset[str] | None]] = field(default_factory=set)
    _run: set[int] = field(default_factory=set)

    @property
    def changed(self) -> set[int]:
        """The tables whose rows change."""
        return {oid for oid, _, _ in self._seen}

    def change(
        self,
        oid: int,
        command: Command,
        columns: frozenset[str] | None,
        ignores: frozenset[str] | None = None,
        *,
        direct: bool = False,
    ) -> None:
        """Note what a change of a table's rows may break; `columns` are those that an UPDATE sets, None is all.

        `ignores` are those of the unique constraint that ON CONFLICT asks for, empty for any.
        """
        carrier = self.constraints.carriers.get(oid)
        if carrier is None:
            return
        if not direct:
            self.indirect.add(oid)
        key = (oid, command, columns)
        if key in self._seen and ignores is None:
            return
        self._seen.add(key)
        if command == Command.UPDATE and (carrier.is_partitioned or carrier.has_generated):
            columns = None  # a row may move to another partition, and other columns with it
        calls = [function for function, kind in carrier.triggers if kind & _EVENTS[command]]
        if any(kind & _BEFORE_EACH_ROW == _BEFORE_EACH_ROW for _, kind in carrier.triggers):
            columns = None
        if command != Command.DELETE:
            self._break_own(carrier, columns, ignores)
        if command != Command.INSERT:
            self._break_referring(carrier, command, columns)
        for child in carrier.children:
            self.change(child, command, columns, ignores, direct=direct)
        self.run(calls if command == Command.DELETE else [*calls, *carrier.functions])
        for ruled in carrier.ruled:
            self.change_anyhow(ruled)

    def _break_own(self, carrier: Carrier, columns: frozenset[str] | None, ignores: frozenset[str] | None) -> None:
        """Note the constraints of a table that its new or changed rows may break."""
        for constraint in self.constraints.of_table.get(carrier.oid, ()):
            if columns is not None and constraint.touched and not constraint.touched & columns:
                continue
            is_ignorable = constraint.kind is ConstraintKind.UNIQUE and constraint.immediate
            if is_ignorable and ignores is not None and (not ignores or ignores == constraint.keys):
                continue
            self.breakable[constraint.id] = constraint

    def _break_referring(self, carrier: Carrier, command: Command, columns: frozenset[str] | None) -> None:
        """Note the foreign keys that refer to rows which are changed or deleted, and what those do to their own."""
        for key in self.constraints.referring.get(carrier.oid, ()):
            if command == Command.UPDATE and columns is not None and not key.referred_keys & columns:
                continue
            self.breakable[key.id] = key
            action = key.on_delete if command == Command.DELETE else key.on_update
            if action == "c":
                self.change(key.owner, command, None if command == Command.DELETE else key.keys)
            elif action in "nd":
                self.change(key.owner, Command.UPDATE, key.keys)

    def change_anyhow(self, oid: int) -> None:
        for command in _ALL_EVENTS:
            self.change(oid, command, None)

    def run(self, functions: Iterable[int]) -> None:
        """Note what functions may change, as far as their texts name it."""
        for oid in functions:
            code = self.constraints.code.get(oid)
            if code is None or oid in self._run:
                continue
            self._run.add(oid)
            if code.source is None:
                for relation in code.relations:
                    self.change_anyhow(relation)
                self.run(code.functions)
            else:
                self._text(code, code.source)

    def _text(self, code: Code, source: str) -> None:
        words = frozenset(WORD.findall(source.lower()))
        self.words |= words
        if code.language not in ("sql", "plpgsql") or (code.language == "plpgsql" and "execute" in words):
            self.everything = True
        if words & _WRITING:
            for oid in _named(self.constraints.carriers_by_word, words):
                self.change_anyhow(oid)
        self.run(_named(self.constraints.code_by_word, words))


def _named(by_word: Mapping[str, list[int]], words: Iterable[str]) -> list[int]:
    """A name of several words, as only a quoted one can be, is taken for named where its first word is."""
    return [oid for word in ("", *words) for oid in by_word.get(word, ())]
